"""Score a model against recordings: readers, metrics, ceilings, baselines, tables and a report.

Plain functions on numpy arrays. What needs an extra package imports it when it is called and says
so where it is missing: `pip install 'brainmodel[probing]'`. The names below are imported when
first used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
