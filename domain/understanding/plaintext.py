"""A text in one plain form: words and signs, in lower case, without accents, with punctuation as pauses. Nothing here
knows a language."""

import re
from collections.abc import Sequence
from unicodedata import category, normalize

PAUSE = "."  # what all punctuation becomes
_PAUSES = frozenset('.,!:()[]"*~-–—¡«»„“”。、·\n\r\u2028')  # no "?", no "/", and no ";", which is the Greek "?"
_APOSTROPHES = str.maketrans("’‘ʼ´`′", "''''''")
_INVISIBLE = re.compile("\u200d[♀♂]|[\u00ad\u200b-\u200f\u2060-\u2064\ufe0e\ufe0f\ufeff\U0001f3fb-\U0001f3ff]")
_EMOTICON = re.compile(r"(?<!\w)(?:[:;=]['-]?[dpo3()]+|<3)(?!\w)")  # not ":/" or ":|", which doubt
_DRAWN_OUT = re.compile(r"([^\W\d_])\1{2,}")  # "yesss", "nooo"
_HYPHEN = re.compile(r"\b-\b")
_TOKEN = re.compile(r"[^\W_]+(?:'[^\W_]+)*|[^\w\s']|[\n\r\u2028]")
# Accents fall off: on a phone they are often left out. Only those of alphabets whose bare letters are read as well; a
# vowel sign of Hindi or Thai is no accent.
_ACCENT = re.compile("[\u0300-\u036f\u064b-\u065f\u0670\u0640]")
_BARE = str.maketrans(
    {**dict(zip("ıłøđðأإآىةکی", "ilodd\u0627\u0627\u0627\u064a\u0647\u0643\u064a", strict=True)), "æ": "ae", "œ": "oe"}
)
# Scripts that are written without spaces, and Hangul, where they are often left out: each character is a word.
UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")


def tokens(text: str) -> list[str]:
    """Words and signs in one plain form, punctuation as pauses; the last token is a pause."""
    bare = _EMOTICON.sub(" ", _HYPHEN.sub(" ", _INVISIBLE.sub("", plain(text))))
    found = _TOKEN.findall(_DRAWN_OUT.sub(r"\1", bare))
    return [PAUSE if token in _PAUSES else token for token in found] + [PAUSE]


def plain(text: str) -> str:
    """In one spelling: full-width and half-width alike, lower case, without accents, a space around each character of
    a script that has none."""
    form = normalize("NFKC", text.translate(_APOSTROPHES)).casefold()
    if not form.isascii():
        form = normalize("NFC", _ACCENT.sub("", normalize("NFD", form))).translate(_BARE)
        form = UNSPACED.sub(r" \g<0> ", form)
    return form


def spaced(phrase: str) -> str:
    """A phrase in plain form with one space between the words and signs into which a text is cut."""
    return " ".join(phrase.split() if phrase.isascii() else _TOKEN.findall(phrase))


def without_pauses(some: Sequence[str]) -> str:
    return " ".join(token for token in some if token != PAUSE)


def is_made_of_letters(token: str) -> bool:
    return all(letter == "'" or category(letter)[0] in "LM" for letter in token)
