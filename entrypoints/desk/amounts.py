"""How counts, shares, weeks and hours read in a language; "–" for what does not exist."""

from datetime import date, time
from decimal import Decimal

from babel.dates import format_date, format_time
from babel.numbers import format_decimal, format_percent

from entrypoints.desk.words import Words

NONE = "–"


class Amounts:
    """In the language of these words."""

    def __init__(self, words: Words) -> None:
        self._words = words

    def number(self, value: float) -> str:
        """1,234"""
        return format_decimal(value, locale=self._words.locale)

    def average(self, value: float | None) -> str:
        """1.25"""
        return NONE if value is None else format_decimal(value, "#,##0.00", locale=self._words.locale)

    def percent(self, share: float | None) -> str:
        """A share between 0 and 1: 85%"""
        return NONE if share is None else format_percent(share, locale=self._words.locale)

    def points_between(self, now: float | None, before: float | None) -> int:
        """What somebody finds who subtracts the percentages that are shown."""
        shown, shown_before = (round(Decimal(str(share or 0)) * 100) for share in (now, before))
        return shown - shown_before

    def change(self, difference: int) -> str:
        """+1,234 or −1,234; "as before" for 0."""
        if not difference:
            return self._words("numbers.as_before")
        return format_decimal(difference, "+#,##0;−#,##0", locale=self._words.locale)

    def points(self, difference: int) -> str:
        """Between two percentages: +3 points."""
        change = self.change(difference)
        return self._words("numbers.points", n=abs(difference), change=change) if difference else change

    def week(self, monday: date, *, short: bool = False) -> str:
        """4 May 2026; without the year where that is short."""
        pattern = "numbers.monday" if short else "numbers.monday_with_year"
        return format_date(monday, self._words(pattern), locale=self._words.locale)

    def hour(self, hour: int) -> str:
        """09:00"""
        return format_time(time(hour), self._words("format.time"), locale=self._words.locale)
