"""One file per analysis: a question to the brain and to all models, a section of the report.

expectation      do unexpected stimuli stand out, and how does that change with learning?
straightening    are the paths of movies straighter than in the pixels?
sequences        does the order of a sequence matter, and what answers an omission?
"""
