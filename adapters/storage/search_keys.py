"""Names and phones as they are looked up: what people type and what is stored are folded in the same way."""

import unicodedata


def folded(text: str) -> str:
    """In small letters, without accents and punctuation, one space between words: "  Zoë O'Neil " is "zoe o neil"."""
    plain = unicodedata.normalize("NFKD", text.replace("\0", "")).casefold()
    letters = (one if one.isalnum() else " " for one in plain if not unicodedata.combining(one))
    return " ".join("".join(letters).split())


NAMES = ("name_key", "second_key", "third_key", "last_key")


def name_keys(name: str) -> dict[str, str | None]:
    """By column, the folded name as people may begin to type it: from its first, its second, its third and its last
    word on, with the words before at the end. "ana garcia lopez" is also "garcia lopez ana" and "lopez ana garcia"."""
    words = folded(name).split()
    starts = [0, 1, 2, len(words) - 1 if len(words) > 3 else len(words)]  # noqa: PLR2004 - the third is the last
    turned = [" ".join(words[start:] + words[:start]) if start < len(words) else None for start in starts]
    return dict(zip(NAMES, turned, strict=True))


def phone_backwards(phone: str) -> str:
    """The digits from the last to the first: people remember the end of a number."""
    return "".join(one for one in reversed(phone) if one.isdecimal() and one.isascii())


def end_of(beginning: str) -> str:
    """What no text reaches that begins like this, in the order of code points."""
    return beginning + "\U0010ffff"
