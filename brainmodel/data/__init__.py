"""Data sets: windows of continuing streams, one file per data set.

Classes are imported when first used, so that naming one data set does not load the libraries of
the others.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
