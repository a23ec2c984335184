"""What a reviewer will ask for: pixels, edges and motion, as if they were model areas.

Each takes movies [stimulus, time, height, width, channel] in [0, 1] (a still is one time) and gives
features [stimulus, time, unit].
"""
