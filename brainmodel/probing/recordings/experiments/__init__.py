"""One file per kind of experiment, which opens a recording and its stimuli."""
