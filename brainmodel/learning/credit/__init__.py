"""What learning rules are made of: traces, scans, Jacobians, influences and their memory."""
