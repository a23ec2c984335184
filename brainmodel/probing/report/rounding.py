"""Scores in short."""


def two_digits(value: float) -> str:
    """A score with two digits and without its leading zero."""
    text = f"{value:.2f}"
    return text.replace("0.", ".", 1) if abs(value) < 1 else text
