"""One file per kind of experiment: paths in, a recording and its stimuli out."""
