"""Text in a CSV file that a spreadsheet opens: cells that it would take for a formula are made harmless, reversibly."""

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def neutralise(text):
    """The text as it may stand in a cell: an apostrophe goes before what would begin a formula.

    A text that has apostrophes before such a character already gets one more, so that :func:`restore` is exact.
    """
    return f"'{text}" if text.lstrip("'").startswith(FORMULA_STARTS) else text


def restore(text):
    """The text that :func:`neutralise` was given."""
    return text[1:] if text.startswith("'") and text.lstrip("'").startswith(FORMULA_STARTS) else text
