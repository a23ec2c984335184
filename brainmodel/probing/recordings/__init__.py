"""Recordings: what was recorded and what was shown, and where both come from."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
