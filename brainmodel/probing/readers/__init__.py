"""One file per format or data set: a path in, a Recording or DissimilarityData out."""
