"""What metrics are made of: folds, regression, and comparisons of their two sides."""
