"""Why training had to stop; free of torch, so that the command line can tell."""


class NotFinite(Exception):  # noqa: N818 - what happened to training
    """Something became infinite or no number; the message is one sentence for the user."""
