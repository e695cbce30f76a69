"""What a person types into the page, and what is wrong with it."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import phonenumbers

from domain.languages import DEFAULT, codes, language
from entrypoints.sandbox.payloads import ZONE

PRACTITIONERS = ("Dr. Lee", "Dr. Novak", "Dr. Okafor")
LONGEST_NAME = 60
LONGEST_TEXT = 1600
FURTHEST = timedelta(days=365)
TUESDAY = 1
DAYS_OF_WEEK = 7
EXAMPLE_PHONE = "+1 202 555 0102"

Problems = dict[str, str]


class Invalid(Exception):
    """Something typed cannot be used. `problems`: field to sentence."""

    def __init__(self, problems: Problems) -> None:
        super().__init__("; ".join(problems.values()))
        self.problems = problems


@dataclass(frozen=True)
class Slot:
    """A booking somebody wants to make."""

    patient: str
    phone: str
    practitioner: str
    starts_at: datetime
    language: str = DEFAULT


def languages() -> list[tuple[str, str]]:
    """The code of each language that Replyes speaks, and what its speakers call it, by that name."""
    names = [(code, str((language(code) or {})["name"])) for code in codes()]
    return sorted(names, key=lambda pair: (pair[0] != DEFAULT, pair[1].casefold()))


def first_form(now: datetime) -> dict[str, str]:
    """What the booking form holds when the page opens: Sarah, next Tuesday, 10:30 am."""
    today = now.astimezone(ZONE).date()
    ahead = (TUESDAY - today.weekday() - 1) % DAYS_OF_WEEK + 1
    return {
        "name": "Sarah",
        "phone": EXAMPLE_PHONE,
        "day": (today + timedelta(days=ahead)).isoformat(),
        "time": "10:30",
        "practitioner": PRACTITIONERS[0],
        "language": DEFAULT,
    }


def read_slot(form: Mapping[str, str], now: datetime) -> Slot:
    """Every problem is told at once."""
    problems: Problems = {}
    name = _clean(form.get("name", ""))
    if not name:
        problems["name"] = "Who is the appointment for? Enter a name."
    elif len(name) > LONGEST_NAME:
        problems["name"] = f"That name is too long: {LONGEST_NAME} characters at most."
    phone = read_phone(form.get("phone", ""))
    if phone is None:
        problems["phone"] = f"No text can reach this number. Try {EXAMPLE_PHONE}."
    practitioner = form.get("practitioner", "")
    if practitioner not in PRACTITIONERS:
        problems["practitioner"] = "Choose one of the practitioners."
    speaks = form.get("language", DEFAULT)
    if speaks not in codes():
        problems["language"] = "Choose one of the languages."
    starts_at = _moment(form)
    if why := _not_bookable(starts_at, now):
        problems["day"] = why
    if phone is None or starts_at is None or problems:
        raise Invalid(problems)
    return Slot(name, phone, practitioner, starts_at, speaks)


def read_phone(text: str) -> str | None:
    """E.164, or None. A number without its country is taken for one in the United States."""
    try:
        number = phonenumbers.parse(text, "US")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def read_reply(form: Mapping[str, str]) -> tuple[str, str]:
    """(phone, text)"""
    phone = read_phone(form.get("phone", ""))
    if phone is None:
        raise Invalid({"reply": "Book an appointment first, so that there is a phone to reply from."})
    text = form.get("text", "")
    if not text.strip():
        raise Invalid({"reply": "Write something first: YES, NO, or anything else."})
    if len(text) > LONGEST_TEXT:
        raise Invalid({"reply": f"A text holds {LONGEST_TEXT} characters at most."})
    return phone, text


def readable_phone(phone: str) -> str:
    """+1 202-555-0102"""
    return phonenumbers.format_number(phonenumbers.parse(phone), phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def _clean(text: str) -> str:
    """One line without control characters."""
    visible = (" " if unicodedata.category(letter).startswith("C") else letter for letter in text)
    return " ".join("".join(visible).split())


def _moment(form: Mapping[str, str]) -> datetime | None:
    """The clock on the clinic's wall, as a moment in UTC. The last year of the calendar has none."""
    try:
        local = datetime.fromisoformat(f"{form.get('day', '')}T{form.get('time', '')}")
        return local.replace(tzinfo=ZONE).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _not_bookable(starts_at: datetime | None, now: datetime) -> str | None:
    if starts_at is None:
        return "Choose a day and a time."
    if starts_at <= now:
        return "This time has passed. Choose a later one."
    if starts_at - now > FURTHEST:
        return "Choose a day within the next twelve months."
    return None
