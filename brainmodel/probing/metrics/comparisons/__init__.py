"""What metrics compare with: kernels, pairs of dissimilarities, predictions, trajectories."""
