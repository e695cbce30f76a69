"""What a text says to each of the bookings that the question named."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

from domain.booking import Booking
from domain.choices import choices, names_a_day
from domain.replies import Answer, Meaning, interpret
from domain.understanding.days import weekdays_in


def said(text: str, named: Sequence[Booking], languages: Sequence[str]) -> tuple[Meaning, Mapping[str, Answer]]:
    """The text's meaning, and its answer to each booking (by stream) where it answers by number or day; {} where one
    answer is for all."""
    meaning = interpret(text, languages)
    found = _choices(text, named, languages) if meaning.answer is Answer.UNCLEAR or names_a_day(text, languages) else {}
    if found:
        told = " ".join(f"{answer} {number}" for number, answer in found.items())
        meaning = replace(meaning, rule="an answer for each number", said=told)
    elif _is_of_another_day(text, named, languages, meaning.answer):
        meaning = Meaning(Answer.UNCLEAR, meaning.keyword, "an answer that names a day")
    return meaning, {named[number - 1].id: answer for number, answer in found.items()}


def _choices(text: str, named: Sequence[Booking], languages: Sequence[str]) -> dict[int, Answer]:
    """By the numbers of the question, or by the names of those days on which one booking is alone."""
    days = [_weekday(booking) for booking in named]
    alone = {day: number for number, day in enumerate(days, start=1) if day is not None and days.count(day) == 1}
    return choices(text, len(named), languages, alone)


def _is_of_another_day(text: str, named: Sequence[Booking], languages: Sequence[str], answer: Answer) -> bool:
    """Whether an answer could be about something else than what was asked: it names a day where there are several to
    choose from ("see you Tuesday"), or, if it is a yes, a day on which nothing is."""
    if len(named) > 1:
        return answer is not Answer.UNCLEAR and names_a_day(text, languages)
    return answer is Answer.YES and not weekdays_in(text, languages) <= {_weekday(booking) for booking in named}


def _weekday(booking: Booking) -> int | None:
    """On the patient's clock; 0 is Monday."""
    return booking.starts_at.astimezone(ZoneInfo(booking.time_zone)).weekday() if booking.starts_at else None
