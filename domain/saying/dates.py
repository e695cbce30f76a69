"""Moments as people say them: Unicode's date patterns, on the patient's clock.

https://unicode.org/reports/tr35/tr35-dates.html#Date_Field_Symbol_Table
"""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_datetime

_QUOTED = re.compile(r"'[^']*'")
_LETTERS = re.compile(r"[A-Za-z]+")
_A_MOMENT = datetime(2026, 9, 23, 10, 30, tzinfo=UTC)
_SPANS = {"day": timedelta(days=1), "hour": timedelta(hours=1), "half of the day": timedelta(hours=12)}


@lru_cache(maxsize=1024)
def said(moment: datetime, time_zone: str, pattern: str, locale: str) -> str:
    """The moment as it is said there. Remembered, because one text says the same moment several times, and Babel takes
    its time."""
    return format_datetime(moment.astimezone(ZoneInfo(time_zone)), pattern, locale=locale)


def is_locale(name: str) -> bool:
    """Whether dates can be said in the way of this place ("en_GB")."""
    try:
        Locale.parse(name)
    except (ValueError, UnknownLocaleError):
        return False
    return True


def fault_of(pattern: str, locale: str, *, tells: tuple[str, ...] = ()) -> str:
    """What is wrong with a pattern, "" where nothing is. It must tell the spans apart that `tells` names: "day",
    "hour", "half of the day". Babel takes every letter for a field, so words need quotation marks."""
    if pattern.count("'") % 2:
        return "has a quotation mark that stays open; write words between two of them, and '' for an apostrophe"
    for letters in _LETTERS.findall(_QUOTED.sub(" ", pattern)):
        if len(set(letters)) > 1:
            return f"has the word {letters} without quotation marks; write it as '{letters}'"
    try:
        shown = said(_A_MOMENT, "UTC", pattern, locale)
    except (ValueError, KeyError, AttributeError):
        return "is no pattern for dates; write it like EEE d MMM 'at' HH:mm"
    for span in tells:
        if said(_A_MOMENT + _SPANS[span], "UTC", pattern, locale) == shown:
            return f"does not tell the {span}; write it like EEE d MMM 'at' HH:mm"
    return "" if shown.strip() else "says nothing; write it like EEE d MMM 'at' HH:mm"
