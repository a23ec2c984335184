"""The commands: configs are found, merged, checked and explained, brains are trained and probed."""
