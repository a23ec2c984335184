"""Training with Lightning: the module, and what checkpoints and run folders hold.

Classes are imported when first used, so that looking at a config file does not load Lightning.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
