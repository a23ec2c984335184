"""Studies: every cell of a grid of factors and seeds is trained once, and all are compared."""
