"""What we say. The words are in `languages/<code>.toml`; here they meet a clinic and its bookings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.booking import Booking
from domain.clinics import Clinic
from domain.errands import Says
from domain.languages import DEFAULT, language, short
from domain.saying.dates import said
from domain.saying.naming import MOST_OF_A_PRACTITIONER, first_name, presentable, told_apart
from domain.saying.segments import thrifty

MOST_LISTED = 6  # more would make a text of many segments that nobody reads to its end
MAX_LENGTH = 1600  # the longest body that carriers take


@dataclass(frozen=True)
class Offer:
    """How a question can be answered: by `replies`, by a `link` (a URL, "" for none), or by either."""

    link: str = ""
    replies: bool = True


REPLY = Offer()


@dataclass(frozen=True)
class Script:
    """One language's texts, and the moment at which they are said; None where that is not known."""

    texts: Mapping[str, str]
    now: datetime | None


def text(
    says: Says,
    clinic: Clinic,
    bookings: Sequence[Booking],
    now: datetime | None = None,
    *,
    first: bool = False,
    named: Sequence[Booking] = (),
    offer: Offer = REPLY,
) -> str:
    """What `says` means, in the patient's language. With `now`, a day that is near is called today or tomorrow.
    `first`: the first text to this phone, which also tells how to stop. `named`: the bookings that the question named
    to which this is the answer; their order gives them their numbers. `offer` is for a question."""
    return thrifty(words(says, clinic, bookings, now, first=first, named=named, offer=offer))[:MAX_LENGTH]


def words(
    says: Says,
    clinic: Clinic,
    bookings: Sequence[Booking],
    now: datetime | None = None,
    *,
    first: bool = False,
    named: Sequence[Booking] = (),
    offer: Offer = REPLY,
) -> str:
    """The same as it is written, and however long."""
    still_open = [one for one in bookings if one.is_open]
    asks_back = says is Says.CLARIFY or (says is Says.OTHER_TIME and bool(still_open))
    if asks_back:
        bookings = still_open or bookings  # what was settled meanwhile is not asked again
    script = Script(_texts(clinic, bookings), now)
    asks = says in (Says.QUESTION, Says.REMINDER)
    if asks and not offer.replies and offer.link:
        written = script.texts[_form(script, "by_link", len(bookings), 0)]
    else:
        written = script.texts[_form(script, Says.CLARIFY if asks_back else says, len(bookings), len(named))]
    if asks_back and says is Says.OTHER_TIME:
        written += "{book_again}{call}"
    if asks:
        written = _ended(script, written, offer, first=first)
    values = _of_clinic(script, clinic) | _of_bookings(script, bookings, named or bookings)
    return written.format_map(values | {"confirm_link": offer.link})


def blanks(clinic: Clinic, bookings: Sequence[Booking], now: datetime) -> tuple[str, str]:
    """What is filled into approved words: the clinic, and when and with whom the appointments are."""
    script = Script(_texts(clinic, bookings), now)
    of_bookings = _of_bookings(script, bookings, bookings)
    what = of_bookings["list"] if len(bookings) > 1 else f"{of_bookings['date']}{of_bookings['with_practitioner']}"
    return clinic.name, str(what)


def letter(clinic: Clinic, bookings: Sequence[Booking], now: datetime, link: str) -> tuple[str, str]:
    """An e-mail that asks: its subject and its text."""
    script = Script(_texts(clinic, bookings), now)
    own = _of_clinic(script, clinic)
    text = words(Says.QUESTION, clinic, bookings, offer=Offer(link, replies=False))
    call = str(own["call"]).strip()
    return script.texts["mail_subject"].format_map(own), f"{text}\n\n{call}".strip() + "\n"


def _ended(script: Script, written: str, offer: Offer, *, first: bool) -> str:
    """A question ends with how to answer on a page, where that is offered beside a reply, and, in a phone's first text,
    with how to stop. Where nobody can reply, nobody can reply STOP."""
    if offer.replies and offer.link:
        written += script.texts["or_link"]
    return written + script.texts["stop"] if offer.replies and first else written


def _form(script: Script, says: str, bookings: int, named: int) -> str:
    """The text's form for very many bookings, for several, or for one of several, where there is one. A text that has
    no form for several speaks of the first."""
    forms = []
    if bookings > MOST_LISTED:
        forms.append(f"{says}_series")
    if bookings > 1:
        forms.append(f"{says}_many")
    elif named > 1:
        forms.append(f"{says}_one")
    return next((form for form in forms if form in script.texts), says)


def _of_clinic(script: Script, clinic: Clinic) -> dict[str, object]:
    texts = script.texts
    return {
        "clinic": clinic.name,
        "call": texts["call"].format(phone=clinic.phone) if clinic.phone else "",
        "book_again": texts["book_again"].format(link=clinic.booking_link) if clinic.booking_link else "",
    }


def _of_bookings(script: Script, bookings: Sequence[Booking], named: Sequence[Booking]) -> dict[str, object]:
    """What can be said of these bookings, with the numbers and the names that tell them apart in the question."""
    if not bookings:
        return {}
    names = told_apart([_name(booking) for booking in named])
    places = {booking.id: place for place, booking in enumerate(named)}
    listed = [booking for booking in bookings if booking.id in places] or bookings
    whose = {booking.id: _whose(script, names[places[booking.id]]) for booking in listed if booking.id in places}
    items = [
        script.texts["question_item"].format(
            number=places.get(booking.id, place) + 1,
            whose=whose.get(booking.id, ""),
            **_of_booking(script, booking),
        )
        for place, booking in enumerate(listed[:MOST_LISTED])
    ]
    return {
        "greeting": _greeting(script, bookings),
        "count": len(bookings),
        "list": " ".join([*items, "..."] if len(listed) > MOST_LISTED else items),
        "last": _moment(script.texts, "date", bookings[-1]),
        "whose": whose.get(bookings[0].id, ""),
        **_of_booking(script, bookings[0]),
    }


def _of_booking(script: Script, booking: Booking) -> dict[str, str]:
    texts, near = script.texts, _near(script, booking)
    practitioner = presentable(booking.practitioner, MOST_OF_A_PRACTITIONER)
    return {
        "with_practitioner": texts["with_practitioner"].format(practitioner=practitioner) if practitioner else "",
        "date": _moment(texts, "date", booking),
        "when": _moment(texts, f"when{near}", booking),
        "day": _moment(texts, f"day{near}", booking),
    }


def _greeting(script: Script, bookings: Sequence[Booking]) -> str:
    """By name where only one patient is meant."""
    names = [name for name in map(_name, bookings) if first_name(name)]
    if not names or any(told_apart(names)):
        return script.texts["greeting_nameless"]
    return script.texts["greeting"].format(name=first_name(names[0]))


def _whose(script: Script, name: str) -> str:
    return script.texts["whose"].format(name=name) if name else ""


def _name(booking: Booking) -> str:
    return booking.name.readable if booking.name else ""


def _near(script: Script, booking: Booking) -> str:
    """The ending of the patterns for a day that has a name of its own, on the patient's calendar."""
    start = booking.local_start
    if script.now is None or start is None:
        return ""
    days = (start.date() - script.now.astimezone(start.tzinfo).date()).days
    return {0: "_today", 1: "_tomorrow"}.get(days, "")


def _moment(texts: Mapping[str, str], pattern: str, booking: Booking) -> str:
    """The start on the patient's clock."""
    if booking.starts_at is None:
        return ""
    return said(booking.starts_at, booking.time_zone, texts[pattern], texts["locale"])


def _texts(clinic: Clinic, bookings: Sequence[Booking]) -> Mapping[str, str]:
    code, found = _table("texts", [*(booking.language for booking in bookings[:1]), *clinic.languages])
    return {**found, **clinic.wording.get(short(code), {})}


def page_words(language_code: str, clinic: Clinic | None = None) -> Mapping[str, str]:
    """The words of the page behind a confirm link, and under "language" the code whose words they are."""
    code, found = _table("page", [language_code, *(clinic.languages if clinic else ())])
    return {**found, "language": short(code)}


def _table(name: str, wanted: Sequence[str]) -> tuple[str, Mapping[str, str]]:
    """A table of the first of these languages that has it, else of English; and the code."""
    for code in (*wanted, DEFAULT):
        found = language(code)
        if found and name in found:
            return code, found[name]
    raise LookupError(f"the English {name} is missing from the installation")


def appointment(clinic: Clinic, booking: Booking, named: Sequence[Booking]) -> str:
    """When and with whom, and, where patients share a phone, whose."""
    values = _of_bookings(Script(_texts(clinic, [booking]), None), [booking], named)
    return "{whose}{date}{with_practitioner}".format_map(values)


def entry(clinic: Clinic, booking: Booking) -> str:
    """What an appointment is called in a calendar."""
    values = _of_booking(Script(_texts(clinic, [booking]), None), booking)
    return page_words(booking.language, clinic)["event"].format_map(values)
