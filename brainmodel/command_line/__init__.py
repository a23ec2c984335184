"""The commands: configs are found, merged and checked, brains are trained, measured and probed."""
