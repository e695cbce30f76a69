"""Every text as a patient would get it, with an example's data."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from domain.booking import Booking
from domain.clinics import Clinic
from domain.deadlines import Deadlines
from domain.errands import Says
from domain.facts import Moment
from domain.inbound import BookingRequested
from domain.languages import language
from domain.saying.segments import is_gsm, segments, thrifty
from domain.wording import MAX_LENGTH, MOST_LISTED, Offer, letter, words

START = datetime(2026, 9, 23, 10, 30, tzinfo=UTC)  # a Wednesday in September: a long one in most languages
LINK = "https://replyes.example.org/c/" + 32 * "x"
MANY_SEGMENTS = 3
LISTING = (Says.QUESTION, Says.REMINDER, Says.CLARIFY)


@dataclass(frozen=True)
class Shown:
    """One text. `own`: the clinic's words make it another than ours."""

    name: str
    text: str
    own: bool = False

    @property
    def segments(self) -> int:
        return segments(self.text)

    @property
    def encoding(self) -> str:
        return "GSM" if is_gsm(self.text) else "UCS-2"


def shown(clinic: Clinic, code: str) -> list[Shown]:
    """Every text of one language in this clinic's words."""
    pairs = zip(_written(clinic, code), _written(replace(clinic, wording={}), code), strict=True)
    return [Shown(name, own, own != ours) for (name, own), (_, ours) in pairs]


def too_long(clinic: Clinic, code: str) -> list[str]:
    """Texts that no carrier takes."""
    most = _bookings(code, MOST_LISTED)
    lists = [(f"{says}_many", words(says, clinic, most, first=True, offer=Offer(LINK))) for says in LISTING]
    return [
        f"[{code}] {name} has {len(text)} characters with an example's data, and carriers take {MAX_LENGTH}; shorten it"
        for name, text in [*_written(clinic, code), *lists]
        if len(text) > MAX_LENGTH
    ]


def warnings(clinic: Clinic, code: str) -> list[str]:
    """What the clinic's words cost more than ours, where that is a lot."""
    told = []
    for one, ours in zip(shown(clinic, code), shown(replace(clinic, wording={}), code), strict=True):
        if one.segments > max(ours.segments, MANY_SEGMENTS):
            told.append(f"[{code}] {one.name} takes {one.segments} segments; ours takes {ours.segments}")
        elif ours.encoding == "GSM" != one.encoding and one.segments > ours.segments:
            strange = "".join(dict.fromkeys(char for char in one.text if not is_gsm(char)))
            told.append(
                f"[{code}] {one.name} takes {one.segments} segments and not {ours.segments}, because of: {strange}"
            )
    return told


def _written(clinic: Clinic, code: str) -> Iterator[tuple[str, str]]:
    texts = (language(code) or {})["texts"]
    one, pair = _bookings(code, 1), _bookings(code, 2)
    family = [pair[0], _booking(code, 1, "Tom Miller")]
    yield "question, the first", thrifty(words(Says.QUESTION, clinic, one, first=True))
    yield "question, with or_link", thrifty(words(Says.QUESTION, clinic, one, offer=Offer(LINK)))
    yield "by_link", thrifty(words(Says.QUESTION, clinic, one, offer=Offer(LINK, replies=False)))
    yield "by_link_many", thrifty(words(Says.QUESTION, clinic, pair, offer=Offer(LINK, replies=False)))
    yield "mail_subject", letter(clinic, one, START, LINK)[0]
    for says in Says:
        yield says, thrifty(words(says, clinic, one))
        for ending, bookings, named in (
            ("_one", one, family),
            ("_many", pair, pair),
            ("_series", _bookings(code, MOST_LISTED + 1), ()),
        ):
            if f"{says}{ending}" in texts:
                yield f"{says}{ending}", thrifty(words(says, clinic, bookings, named=named))
    yield "question_many, two patients", thrifty(words(Says.QUESTION, clinic, family))


def _bookings(code: str, count: int) -> Sequence[Booking]:
    return [_booking(code, week) for week in range(count)]


def _booking(code: str, week: int, name: str = "Sarah Miller") -> Booking:
    start = START + timedelta(weeks=week)
    request = BookingRequested(
        uid=f"example{week}",
        starts_at=start,
        ends_at=start,
        patient_name=name,
        phone=None,
        language=code,
        time_zone="UTC",
        practitioner="Dr. Lee",
    )
    return Booking.request("example", request, None, Deadlines(None, start), Moment(START, "example"))
