"""The report of a probe: figures, tables, sentences, one page."""
