"""The roll-out of a brain over a window: forward by sweeping, backward by rules."""
