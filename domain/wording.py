"""What we say. The words are in `languages/<code>.toml`; here they meet a clinic and its bookings."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_datetime

from domain.booking import Booking
from domain.clinics import Clinic
from domain.errands import Says
from domain.languages import DEFAULT, language

ADDRESS = re.compile(r"[/@:\d]|\w\.\w")
MOST_LISTED = 6  # more would make a text of many segments that nobody reads to its end
MAX_LENGTH = 1600  # the longest body that carriers take


@dataclass(frozen=True)
class Page:
    """One language's texts, and the moment at which they are said; None where that is not known."""

    texts: Mapping[str, str]
    now: datetime | None


def text(
    says: Says, clinic: Clinic, bookings: Sequence[Booking], now: datetime | None = None, *, first: bool = False
) -> str:
    """What `says` means, in the patient's language. With `now`, a day that is near is called today or tomorrow.
    `first`: the first text to this phone, which also tells how to stop. A text that speaks of several bookings and has
    no form for that speaks of the first."""
    page = Page(_texts(clinic, bookings), now)
    asks = says in (Says.QUESTION, Says.REMINDER)
    words = _question(page, says, clinic, bookings) if asks else _fill(page, says, clinic, bookings)
    if first and asks:
        words += page.texts["stop"]
    return words[:MAX_LENGTH]


def _question(page: Page, says: Says, clinic: Clinic, bookings: Sequence[Booking]) -> str:
    if len(bookings) == 1:
        return _fill(page, says, clinic, bookings)
    if len(bookings) > MOST_LISTED:
        last = _moment(page.texts, "date", bookings[-1])
        return _fill(page, f"{says}_series", clinic, bookings, count=len(bookings), last=last)
    items = [
        page.texts["question_item"].format(number=number, **_of_booking(page, booking))
        for number, booking in enumerate(bookings, start=1)
    ]
    return _fill(page, f"{says}_many", clinic, bookings, count=len(items), list=" ".join(items))


def _fill(page: Page, name: str, clinic: Clinic, bookings: Sequence[Booking], **more: object) -> str:
    texts = page.texts
    values: dict[str, object] = {
        "clinic": clinic.name,
        "call": texts["call"].format(phone=clinic.phone) if clinic.phone else "",
        "book_again": texts["book_again"].format(link=clinic.booking_link) if clinic.booking_link else "",
        **more,
    }
    if bookings:
        values |= _of_booking(page, bookings[0])
    return texts[name].format_map(values)


def _of_booking(page: Page, booking: Booking) -> dict[str, str]:
    texts, near = page.texts, _near(page, booking)
    name = _first_name(booking.name.readable if booking.name else "")
    with_practitioner = texts["with_practitioner"].format(practitioner=booking.practitioner)
    return {
        "greeting": texts["greeting"].format(name=name) if name else texts["greeting_nameless"],
        "with_practitioner": with_practitioner if booking.practitioner else "",
        "date": _moment(texts, "date", booking),
        "when": _moment(texts, f"when{near}", booking),
        "day": _moment(texts, f"day{near}", booking),
    }


def _near(page: Page, booking: Booking) -> str:
    """The ending of the patterns for a day that has a name of its own, on the patient's calendar."""
    if page.now is None or booking.starts_at is None:
        return ""
    zone = ZoneInfo(booking.time_zone)
    days = (booking.starts_at.astimezone(zone).date() - page.now.astimezone(zone).date()).days
    return {0: "_today", 1: "_tomorrow"}.get(days, "")


def _moment(texts: Mapping[str, str], pattern: str, booking: Booking) -> str:
    if booking.starts_at is None:
        return ""
    local: datetime = booking.starts_at.astimezone(ZoneInfo(booking.time_zone))
    return format_datetime(local, texts[pattern], locale=texts["locale"])


def _first_name(name: str) -> str:
    """ "Sarah Miller" is greeted as Sarah; with a title in front ("Mrs. Miller") the whole name stands. Whatever looks
    like an address is no name: a stranger could have us text it to anybody."""
    if ADDRESS.search(name):
        return ""
    first = name.split(" ", maxsplit=1)[0]
    return name if first.endswith(".") else first


def _texts(clinic: Clinic, bookings: Sequence[Booking]) -> Mapping[str, str]:
    wanted = [booking.language for booking in bookings[:1]]
    for code in (*wanted, *clinic.languages, DEFAULT):
        found = language(code)
        if found and "texts" in found:
            texts: Mapping[str, str] = found["texts"]
            return texts
    raise LookupError("the English texts are missing from the installation")
