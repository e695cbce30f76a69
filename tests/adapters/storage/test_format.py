"""The log's format is for ever: what has once been stored can be read by every later version."""

from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime, timedelta
from types import NoneType
from typing import Any, get_args, get_type_hints

import pytest
from eventsourcing.persistence import StoredEvent
from eventsourcing.utils import resolve_topic

from adapters.storage import rows, sealing
from adapters.storage.database import Write
from domain import booking_facts, conversation_facts, correspondence
from domain.booking import Booking
from domain.conversation import Conversation
from domain.facts import Fact, Private
from tests.adapters.storage.rooms import Rooms
from tests.databases import column
from tests.examples import NOW

HOME = (booking_facts, conversation_facts, correspondence)
OF_ALL = "originator_id originator_version timestamp command"
FROZEN = {
    "booking.requested": "originator_topic clinic uid starts_at ends_at practitioner language time_zone name phone "
    "conversation recurring rescheduled_from told_at ask_at remind_at expire_at",
    "booking.seen_settled": "originator_topic clinic uid how state told_at",
    "booking.question_put": "errand",
    "booking.sms_sent": "state errand message_id proved_by",
    "booking.confirmed": "state message_id words rule together",
    "booking.cancelled": "state message_id words rule together",
    "booking.changed_mind": "state message_id words rule together",
    "booking.confirmed_by_link": "state together errand",
    "booking.cancelled_by_link": "state together errand",
    "booking.changed_mind_by_link": "state together errand",
    "booking.reply_unclear": "state message_id words rule",
    "booking.expired": "state cancels",
    "booking.confirmed_in_calendar": "state how told_at reason",
    "booking.cancelled_in_calendar": "state how told_at reason",
    "booking.calendar_echoed": "how told_at",
    "booking.calendar_differs": "how told_at",
    "booking.seat_given_up": "how told_at",
    "booking.calendar_agreed": "status proved_by answers",
    "booking.calendar_refused": "state status code detail answers",
    "booking.calendar_failed": "status code detail answers",
    "booking.start_moved": "state starts_at ends_at time_zone told_at ask_at remind_at expire_at",
    "booking.confirmed_by_staff": "state who",
    "booking.cancelled_by_staff": "state who",
    "booking.reminder_due": "due_at",
    "booking.asked_again": "state who ask_at remind_at expire_at",
    "booking.deadlines_set": "ask_at remind_at expire_at",
    "conversation.started": "originator_topic clinic phone",
    "conversation.booking_joined": "bookings ask_at",
    "conversation.question_asked": "errand bookings words",
    "conversation.heard": "message_id words pictures meaning rule outcome bookings says",
    "conversation.opted_out": "by word message_id",
    "conversation.opted_in": "by word message_id",
    "conversation.way_closed": "way why code bookings",
    "conversation.way_opened": "way by",
    "conversation.link_answered": "errand answer bookings asked_at",
    "text.turned_to": "way bookings ask_at",
    "text.sent": "kind errand message_id words proved_by bookings",
    "text.refused": "kind errand code detail bookings",
    "text.withheld": "kind errand reason bookings",
    "text.delivery_reported": "kind errand message_id status error_code bookings",
    "staff.needed": "reason detail bookings",
    "staff.errand_handled": "kind errand how bookings",
    "staff.item_handled": "item how who bookings",
    "staff.phone_shown": "who bookings",
}
ADDED_LATER = {  # for ever as well, with a default for older facts
    "booking.requested": "email",
    "booking.question_put": "by",
    "booking.sms_sent": "by",
    "conversation.heard": "sent_at asked_at by",
    "conversation.question_asked": "segments kind",
    "text.sent": "segments",
    "staff.errand_handled": "who",
}
OWNER, KEY = "conversation-main-5a4a", bytes(range(32))
SAMPLES: dict[Any, Any] = {
    str: 'Grüße, "☎"\\\n',
    int: 2,
    bool: True,
    datetime: NOW + timedelta(microseconds=1),
    Private: Private(OWNER, "Zoë \x01 O'Neil"),
    list[datetime]: [NOW, NOW + timedelta(days=1)],
    list[str]: ["one", "other"],
}
WRITTEN_BY_THE_FIRST_VERSION = (
    b'{"timestamp":{"moment":"2026-05-08T09:00:00+00:00"},"command":"c0ffee","message_id":"SM1","words":'
    b'{"sealed_for":"conversation-main-5a4a","box":"AAAAAAAAAAAAAAAAd9nG/sVA5tx7zWJgYvq5pDy0pF+FAyDqvC4="},'
    b'"pictures":0,"meaning":"YES","rule":"understood as yes","outcome":"decided","bookings":["booking-main-u1"],'
    b'"says":""}'
)


def with_topic(kind: type[Fact]) -> Iterator[type[Fact]]:
    for one in kind.__subclasses__():
        if "TOPIC" in vars(one) and one.__module__ in {home.__name__ for home in HOME}:
            yield one
        yield from with_topic(one)


FACTS = sorted(set(with_topic(Fact)), key=lambda kind: kind.TOPIC)


def example(kind: type[Fact], *, filled: bool) -> Fact:
    """A fact of this kind in a stream of its own, with everything that may be missing, or with all of it missing."""
    hints = get_type_hints(kind) | {"originator_id": str}
    values = {field.name: _sample(hints[field.name], filled=filled) for field in fields(kind)}  # type: ignore[arg-type]
    return kind(**values | {"originator_id": f"of {kind.TOPIC}"})


def _sample(hint: Any, *, filled: bool) -> Any:
    if NoneType not in get_args(hint):
        return SAMPLES[hint]
    return _sample(next(one for one in get_args(hint) if one is not NoneType), filled=filled) if filled else None


def test_every_topic_is_known_here_and_none_is_used_twice() -> None:
    assert [kind.TOPIC for kind in FACTS] == sorted(FROZEN)


@pytest.mark.parametrize("topic", FROZEN)
def test_a_fact_keeps_its_topic_and_its_fields_for_ever(topic: str) -> None:
    now = {field.name for field in fields(resolve_topic(topic))}
    assert now == {*OF_ALL.split(), *FROZEN[topic].split(), *ADDED_LATER.get(topic, "").split()}


@pytest.mark.parametrize(("topic", "names"), ADDED_LATER.items())
def test_a_field_that_was_added_later_has_a_default_on_the_class(topic: str, names: str) -> None:
    assert not [name for name in names.split() if not hasattr(resolve_topic(topic), name)]


def test_the_streams_keep_their_topics_for_ever() -> None:
    assert resolve_topic("booking") is Booking
    assert resolve_topic("conversation") is Conversation


@pytest.mark.anyio
@pytest.mark.parametrize("filled", [True, False], ids=["filled", "sparse"])
async def test_every_fact_is_read_as_it_was_stored(store: Rooms, filled: bool) -> None:
    facts = [example(kind, filled=filled) for kind in FACTS]
    stored = sealing.to_stored(facts, {OWNER: KEY})
    await store.commits.commit(Write(stored, [rows.new_key(OWNER, store.ledger.wrapping.wrap(KEY, OWNER))]))
    assert [await store.ledger.facts(fact.originator_id) for fact in facts] == [[fact] for fact in facts]
    assert column(store.url, "SELECT topic FROM stored_events ORDER BY {position}") == [kind.TOPIC for kind in FACTS]


def test_a_fact_of_the_first_version_can_be_read() -> None:
    stored = StoredEvent("conversation-main-5a4a", 2, "conversation.heard", WRITTEN_BY_THE_FIRST_VERSION)
    [fact] = sealing.to_facts([stored], {OWNER: KEY})
    assert isinstance(fact, conversation_facts.Heard)
    assert (fact.timestamp, fact.words, fact.bookings) == (NOW, Private(OWNER, "yes please"), ["booking-main-u1"])
    assert fact.sent_at is None
