"""What a text says to each of the bookings that the question named."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from domain.booking import Booking
from domain.choices import choices, names_a_day
from domain.replies import Answer, Meaning, interpret
from domain.saying.naming import told_apart
from domain.understanding.days import weekdays_in

_ORDINAL = re.compile(r"\b(\d{1,2})(?:st|nd|rd|th)\b")


def said(text: str, named: Sequence[Booking], languages: Sequence[str]) -> tuple[Meaning, Mapping[str, Answer]]:
    """The text's meaning, and its answer to each booking (by stream) where it answers by number, day or name; {} where
    one answer is for all."""
    meaning = interpret(text, languages)
    singles_out = _singles_out(text, named, languages)
    found = _choices(text, named, languages) if meaning.answer is Answer.UNCLEAR or singles_out else {}
    if found:
        told = " ".join(f"{answer} {number}" for number, answer in found.items())
        meaning = replace(meaning, rule="an answer for each number", said=told)
    elif meaning.answer is not Answer.UNCLEAR and (singles_out or _is_of_another_day(text, named, languages, meaning)):
        meaning = Meaning(Answer.UNCLEAR, meaning.keyword, "an answer that names a day or a patient")
    return meaning, {named[number - 1].id: answer for number, answer in found.items()}


def _singles_out(text: str, named: Sequence[Booking], languages: Sequence[str]) -> bool:
    """Whether a text about several bookings names a day or a patient: "see you Tuesday", "for Tom"."""
    return len(named) > 1 and (names_a_day(text, languages) or any(name.search(text) for name in _patients(named)))


def _choices(text: str, named: Sequence[Booking], languages: Sequence[str]) -> dict[int, Answer]:
    """By the numbers of the question, by the names of patients, or by those days on which one booking is alone."""
    if {int(day) for day in _ORDINAL.findall(text)} & {_day_of_month(booking) for booking in named}:
        return {}  # "the 2nd" may be a date
    for pattern, number in _patients(named).items():
        text = pattern.sub(f" {number} ", text)
    days = [_weekday(booking) for booking in named]
    alone = {day: number for number, day in enumerate(days, start=1) if day is not None and days.count(day) == 1}
    return choices(text, len(named), languages, alone)


def _patients(named: Sequence[Booking]) -> dict[re.Pattern[str], int]:
    """How the question calls those patients of whom one booking is, and its number."""
    names = told_apart([booking.name.readable if booking.name else "" for booking in named])
    return {
        re.compile(rf"\b{re.escape(name)}(?!\w)", re.IGNORECASE): number
        for number, name in enumerate(names, start=1)
        if name and names.count(name) == 1
    }


def _is_of_another_day(text: str, named: Sequence[Booking], languages: Sequence[str], meaning: Meaning) -> bool:
    """Whether a yes names a day on which nothing is."""
    days = weekdays_in(text, languages) if meaning.answer is Answer.YES else frozenset()
    return not days <= {_weekday(booking) for booking in named}


def _weekday(booking: Booking) -> int | None:
    """0 is Monday."""
    return booking.local_start.weekday() if booking.local_start else None


def _day_of_month(booking: Booking) -> int | None:
    return booking.local_start.day if booking.local_start else None
