"""Text that every encoder takes.

Knows why some text has no bytes: a path that is not UTF-8 and a JSON escape may hold half a character. Does not know
where the text goes.
"""


def encodable(text: str) -> str:
    """Replace lone surrogates, for which UTF-8 has no bytes, by U+FFFD; a pair of them becomes its character."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
