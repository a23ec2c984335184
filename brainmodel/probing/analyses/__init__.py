"""Analyses: questions to a model and a recording that are no map of scores, one file each."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
