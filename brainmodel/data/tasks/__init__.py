"""Tasks: trials that ask for an answer, one file per task.

Classes are imported when first used, as those of `brainmodel.data`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
