"""Names and phones as they are looked up: what people type and what is stored are folded in the same way."""

import unicodedata


def folded(text: str) -> str:
    """In small letters, without accents and punctuation, one space between words: "  Zoë O'Neil " is "zoe o neil"."""
    plain = unicodedata.normalize("NFKD", text.replace("\0", "")).casefold()
    letters = (one if one.isalnum() else " " for one in plain if not unicodedata.combining(one))
    return " ".join("".join(letters).split())


def family_first(name: str) -> str | None:
    """A folded name with its last word in front; None where that makes no difference."""
    *others, last = name.split() or [""]
    return " ".join([last, *others]) if others else None


def phone_backwards(phone: str) -> str:
    """The digits from the last to the first: people remember the end of a number."""
    return "".join(one for one in reversed(phone) if one.isdecimal() and one.isascii())


def end_of(beginning: str) -> str:
    """What no text reaches that begins like this, in the order of code points."""
    return beginning + "\U0010ffff"
