"""The report of a probe: findings become sentences, tables and figures, these a page, all files."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
