"""What objectives are made of: read-outs, critics, pairs of moments, statistics of a batch."""
