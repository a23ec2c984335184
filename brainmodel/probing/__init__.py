"""Score a model against recordings: readers, metrics, ceilings, baselines, tables and a report.

Plain functions on numpy arrays. What needs an extra package imports it when it is called and says
so where it is missing: `pip install 'brainmodel[probing]'`.
"""
