"""Recordings that are wrong in one way each, or only look so: small files, made when needed."""
