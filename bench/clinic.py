"""A big clinic: so many bookings a day, over as many days as it takes, in all states, with what stands beside them."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time, timedelta

from adapters.storage.database import milliseconds
from adapters.storage.search_keys import name_keys, phone_backwards
from bench.many import (
    BOOKING,
    CLINIC,
    CONVERSATION,
    CONVERSATIONS,
    FACTS,
    KEYS,
    NOW,
    REQUESTED,
    Ask,
    Copy,
    Patient,
    renamed,
    same,
)
from bench.people import people
from domain.conversation_facts import Outcome
from domain.deadlines import Deadlines
from domain.errands import Errand, Kind, Says
from domain.inbox import Care, Staff
from domain.ledger import Work
from tests.databases import another_process

PER_DAY = 1400
FEWEST, FEWEST_ERRANDS = 300, 2500  # so that a page of each kind is full
LONG_PHONE_BOOKINGS, LONG_PHONE_TEXTS = 30, 500
SHARES = {  # in a thousand
    "sampleconfirmed": 758,
    "samplecancelled": 110,
    "sampleexpired": 77,
    "sampledone": 40,
    "sampleopen": 3,
    "sampleunclear": 3,
    "samplewaiting": 5,
    "samplerequested": 4,
}
OVER = Deadlines(REQUESTED, NOW - timedelta(days=20), (NOW - timedelta(days=21),))
AHEAD = Deadlines(REQUESTED, NOW + timedelta(days=300), (NOW + timedelta(days=200),))
SECOND, MINUTE, DAY = 1000, 60_000, 24 * 3600 * 1000
WEEKS = 104


def works() -> list[Work]:
    """The samples; and, for the pages of one booking, a usual patient and one with a long history."""
    confirmed = Patient("sampleconfirmed", OVER).says("YES")
    requested = Patient("samplerequested", AHEAD, asked=False)
    usual = Patient("usual", AHEAD).says_something("is there parking?").says("YES").needs_staff(Staff.SAID_MORE)
    samples = [
        confirmed,
        Patient("samplecancelled", OVER).says("NO"),
        Patient("sampleexpired", OVER).says_nothing(),
        Patient("sampledone", OVER).says_nothing().needs_staff(Staff.NO_ANSWER, Care.DONE),
        Patient("sampleopen", OVER).says_nothing().needs_staff(Staff.NO_ANSWER),
        Patient("sampleunclear", AHEAD).says_something("is there parking?").needs_staff(Staff.NOT_UNDERSTOOD),
        Patient("samplewaiting", AHEAD),
    ]
    return [*(one.work for one in samples), _with_errand(requested), usual.work, long_history()]


def _with_errand(patient: Patient) -> Work:
    booking = patient.booking
    errand = Errand(
        stream=booking.id,
        version=booking.version,
        kind=Kind.ASK,
        clinic=CLINIC.key,
        queued_at=REQUESTED,
        conversation=patient.conversation.id,
        bookings=(booking.id,),
        says=Says.QUESTION,
    )
    return Work(changed=[patient.conversation, booking], errands=[errand])


def long_history() -> Work:
    """One phone with many bookings, each of which was talked about a lot. The last one is booked last."""
    patient, changed = Patient("long0", AHEAD), []
    for number in range(LONG_PHONE_BOOKINGS):
        if number:
            patient.books(f"long{number}", AHEAD)
        changed.append(patient.booking)
        for text in range((LONG_PHONE_TEXTS // LONG_PHONE_BOOKINGS - 1) // 2):
            patient.hears("may I bring my dog, he is very quiet?", f"SMlong{number}-{text}", Outcome.UNCLEAR)
            patient.is_answered("Please reply YES or NO, or call us.", f"answer{number}-{text}")
        patient.says("YES")
    patient.needs_staff(Staff.SAID_MORE)
    return Work(changed=[patient.conversation, *changed])


# -- Copies of them ---------------------------------------------------------------------------------------------------


def counts(stored: int) -> dict[str, int]:
    """How many copies of each sample."""
    counts = {name: max(FEWEST, stored * share // 1000) for name, share in SHARES.items()}
    return {**counts, "samplerequested": max(FEWEST_ERRANDS, counts["samplerequested"])}


def copies(stored: int, now: datetime) -> Mapping[str, Copy]:
    """The rows that belong to a booking."""
    at, days = milliseconds(now) or 0, max(7, stored // PER_DAY)
    spread = f"{MINUTE} * ((n * 7919) % {days * 24 * 60})"
    bookings = {
        **renamed("stream", "uid", "conversation"),
        **same("version", "clinic", "state", "practitioner"),
        **{name: f"people.{name}" for name in ("name", "phone", "name_key", "second_key", "phone_key")},
        "starts_at": _start(now, days),
        "remind_at": f"CASE WHEN remind_at IS NULL THEN NULL ELSE {at + DAY} + {MINUTE} * (n % 9000) END",
        "expire_at": f"{at + DAY} + {MINUTE} * (n % 9000)",
        "updated_at": f"{at} - {spread}",
    }
    inbox = {
        **renamed("stream", "bookings"),
        **same("version", "clinic", "detail", "care", "who"),
        "reason": _choice(Staff.SAID_MORE, Staff.OPTED_OUT, Staff.TEXT_IN_DOUBT, otherwise="reason"),
        "at": f"{at} - {spread}",
        "cared_at": f"CASE WHEN care = 'done' THEN {at} - {spread} + {MINUTE} END",
    }
    outbox = {
        **renamed("stream", "conversation", "bookings"),
        **same("version", "kind", "channel", "clinic", "says", "lane"),
        "errand": "'errand' || id",
        "due_at": f"{at + DAY} + {SECOND} * n",
        "queued_at": f"{at} - {spread}",
        "status": "CASE WHEN n % 40 = 1 THEN 'dead' ELSE 'due' END",
        "attempts": "CASE WHEN n % 40 < 4 THEN 2 ELSE 0 END",
        "attempted_at": f"CASE WHEN n % 40 = 2 THEN {at} END",
    }
    return {
        "stored_events": Copy(FACTS.columns, [BOOKING, CONVERSATION]),
        "bookings": Copy(bookings, [BOOKING], f"JOIN people ON people.place = (n * 7919) % {_people(stored)}"),
        "conversations": CONVERSATIONS,
        "patient_keys": KEYS,
        "heard_messages": Copy({**renamed("message_id"), **same("clinic")}, ["SMreply{name}"]),
        "sent_texts": Copy(
            {**renamed("errand", "message_id", "stream", "bookings"), **same("clinic", "kind", "status")},
            ["errand{name}"],
        ),
        "staff_inbox": Copy(inbox, [BOOKING]),
        "staff_inbox_bookings": Copy({**renamed("booking", "stream"), **same("version")}, [BOOKING]),
        "outbox": Copy(outbox, [BOOKING]),
    }


def _start(now: datetime, days: int) -> str:
    """From eight to six, every five minutes. Who still waits for an answer comes soon."""
    midnight = milliseconds(datetime.combine(now.date(), time(), UTC)) or 0
    ahead = max(2, days // 25)
    any_day, soon = f"(n * 7919) % {days} - {days - ahead}", f"(n * 7919) % {ahead}"
    day = f"CASE WHEN state IN ('requested', 'sms_sent', 'invalid_reply') THEN {soon} ELSE {any_day} END"
    return f"{midnight} + {DAY} * ({day}) + {8 * 60 * MINUTE} + {5 * MINUTE} * ((n / {days}) % 120)"


def _choice(*values: str, otherwise: str) -> str:
    cases = " ".join(f"WHEN {place} THEN '{value}'" for place, value in enumerate(values))
    return f"CASE n % {2 * len(values)} {cases} ELSE {otherwise} END"


def _people(stored: int) -> int:
    """Each comes ten times."""
    return max(1000, stored // 10)


def prepared(stored: int, now: datetime) -> Callable[[Ask], None]:
    """What `copies` joins; and two years of numbers."""

    def prepare(ask: Ask) -> None:
        keys = "name_key text, second_key text, phone text, phone_key text"
        ask(f"CREATE TEMPORARY TABLE people (place integer PRIMARY KEY, name text, {keys})")
        everybody, rows = list(enumerate(people(_people(stored)))), 5000
        for first in range(0, len(everybody), rows):
            some = everybody[first : first + rows]
            values = ", ".join(["(?, ?, ?, ?, ?, ?)"] * len(some))
            ask(f"INSERT INTO people VALUES {values}", *(value for place, one in some for value in (place, *one)))
        ask(_numbers(now))

    return prepare


def _numbers(now: datetime) -> str:
    """Twenty half hours a day."""
    begun = (milliseconds(datetime.combine(now.date(), time(), UTC)) or 0) - WEEKS * 7 * DAY
    slot = f"{begun} + {DAY} * CAST(n / 20 AS bigint) + {8 * 60 * MINUTE} + {30 * MINUTE} * (n % 20)"
    names = ("requested", "confirmed", "cancelled", "expired", "heard", "decided", "within_1m", "within_1h", "texts")
    more = ("segments", "delivered", "undelivered", "by_staff", "unclear")
    values = ", ".join(f"(n * {place + 7}) % 40" for place, _ in enumerate([*names, *more]))
    counted = "WITH RECURSIVE counted(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM counted WHERE n < {last})"
    rows = f"SELECT '{CLINIC.key}', {slot}, {values} FROM counted WHERE true ON CONFLICT DO NOTHING"
    insertion = f"INSERT INTO numbers (clinic, slot, {', '.join([*names, *more])})"
    return f"{counted.format(last=WEEKS * 7 * 20 - 1)} {insertion} {rows}"


def check(url: str) -> None:
    """Raises ValueError where a row is not what the product itself would have stored of this name and phone."""
    columns = "name, phone, name_key, second_key, phone_key"
    with another_process(url) as ask:
        for name, phone, *keys in ask(f"SELECT {columns} FROM bookings ORDER BY updated_at LIMIT 5000"):
            if keys != [*list(name_keys(name).values())[:2], phone_backwards(phone)]:
                raise ValueError(f"{name}, {phone}: {keys}")
