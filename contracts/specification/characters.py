"""Characters that steer a terminal or a line of text instead of being seen in it."""

import unicodedata

# Categories of Unicode: control, line and paragraph separator, half of a character.
_STEERING = ("Cc", "Zl", "Zp", "Cs")
# Marks that turn the direction in which the rest of a line is read.
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def is_hidden(character: str) -> bool:
    """Return whether a character is obeyed rather than seen."""
    return character in _TURNING or unicodedata.category(character) in _STEERING


def visible(text: str) -> str:
    r"""Return a text in which every hidden character is written as an escape.

    Examples
    --------
    >>> print(visible("a\x1b[31mb"))
    a\u001b[31mb
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(f"\\u{ord(one):04x}" if is_hidden(one) else one for one in text)
