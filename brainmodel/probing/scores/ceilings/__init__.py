"""Noise ceilings: what noise leaves to be explained, on the scale of a score."""
