"""The days of the week as patients write them, by the names of the Unicode locale data (Babel)."""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Literal

from babel.dates import get_day_names

from domain.languages import language
from domain.understanding.plaintext import UNSPACED

Width = Literal["wide", "abbreviated"]
WIDTHS: tuple[Width, ...] = ("wide", "abbreviated")
SHORTEST = 3  # letters; shorter abbreviations are words of their own ("so", "do", "mi")


def weekdays_in(text: str, languages: Sequence[str]) -> frozenset[int]:
    """The days that a text names in full, in any of these languages; 0 is Monday."""
    return frozenset(
        day
        for code in languages
        for name, day in _names(code, "wide").items()
        if _pattern(name).search(text.casefold())
    )


def with_numbers(text: str, numbers: Mapping[int, int], code: str) -> str:
    """The text with a number in the place of each day that has one."""
    told = text.casefold()
    for width in WIDTHS:
        for name, day in _names(code, width).items():
            if day in numbers:
                told = _pattern(name).sub(f" {numbers[day]} ", told)
    return told


def all_names(code: str) -> list[str]:
    """Everything that a day is called in this language."""
    return [name for width in WIDTHS for name in _names(code, width)]


@cache
def _names(code: str, width: Width) -> dict[str, int]:
    """What the days are called in this language; {} where we do not speak it."""
    locale = (language(code) or {}).get("texts", {}).get("locale")
    if locale is None:
        return {}
    names = {name.casefold().rstrip("."): day for day, name in get_day_names(width, locale=locale).items()}
    return {name: day for name, day in names.items() if len(name) >= SHORTEST or (width == "wide" and name)}


@cache
def _pattern(name: str) -> re.Pattern[str]:
    """A name as a word of its own; in scripts without spaces, wherever it stands."""
    return re.compile(re.escape(name) if UNSPACED.search(name) else rf"\b{re.escape(name)}\b\.?")
