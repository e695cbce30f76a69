"""Facts and streams as rows: what the views show is a function of the log, so replay gives the same rows again."""

import json
from collections.abc import Iterator

from adapters.storage.counting import is_told_here
from adapters.storage.database import Row, Statement, milliseconds, moment
from adapters.storage.search_keys import name_keys, phone_backwards
from domain.booking import Booking
from domain.conversation import Conversation
from domain.conversation_facts import Heard
from domain.correspondence import ByHand, DeliveryReported, HandedToStaff, ItemHandled, TextSent
from domain.errands import Errand
from domain.facts import Fact
from domain.inbound import Delivery
from domain.inbox import Care, Item
from domain.ledger import Attempt, GivenUp, Handled, Withdrawal

BOOKING = """
INSERT INTO bookings (stream, version, clinic, uid, state, conversation, name, phone, practitioner, starts_at,
                      remind_at, expire_at, updated_at, name_key, second_key, third_key, last_key, phone_key)
VALUES (:stream, :version, :clinic, :uid, :state, :conversation, :name, :phone, :practitioner, :starts_at,
        :remind_at, :expire_at, :updated_at, :name_key, :second_key, :third_key, :last_key, :phone_key)
ON CONFLICT (stream) DO UPDATE SET version = excluded.version, state = excluded.state, name = excluded.name,
    phone = excluded.phone, starts_at = excluded.starts_at, remind_at = excluded.remind_at,
    expire_at = excluded.expire_at, updated_at = excluded.updated_at, name_key = excluded.name_key,
    second_key = excluded.second_key, third_key = excluded.third_key, last_key = excluded.last_key,
    phone_key = excluded.phone_key
"""
CONVERSATION = """
INSERT INTO conversations (stream, version, memory) VALUES (:stream, :version, :memory)
ON CONFLICT (stream) DO UPDATE SET version = excluded.version, memory = excluded.memory
"""
SENT = """
INSERT INTO sent_texts (errand, message_id, clinic, stream, kind, bookings, status)
VALUES (:errand, :message_id, :clinic, :stream, :kind, :bookings, :status)
"""
REPORTED = "UPDATE sent_texts SET status = :status WHERE errand = :errand"
STAFF = """
INSERT INTO staff_inbox (stream, version, clinic, reason, detail, bookings, at)
VALUES (:stream, :version, :clinic, :reason, :detail, :bookings, :at)
"""
ABOUT = "INSERT INTO staff_inbox_bookings (booking, stream, version) VALUES (:booking, :stream, :version)"
CARE = """
UPDATE staff_inbox SET care = :care, who = :who, cared_at = :at WHERE stream = :stream AND version = :version
"""
HEARD = "INSERT INTO heard_messages (clinic, message_id) VALUES (:clinic, :message_id)"
QUEUE = """
INSERT INTO outbox (errand, stream, version, kind, channel, clinic, conversation, bookings, says, lane, due_at,
                    queued_at)
VALUES (:errand, :stream, :version, :kind, :channel, :clinic, :conversation, :bookings, :says, :lane, :due_at,
        :queued_at)
"""
SILENCE = """
DELETE FROM outbox
WHERE conversation = :conversation AND kind IN ('ask', 'ask_by_sms', 'ask_by_whatsapp', 'ask_by_email', 'remind')
    AND lease_until <= {now} AND attempted_at IS NULL
"""
WITHDRAW = "DELETE FROM outbox WHERE lane = :lane AND lease_until <= {now} AND attempted_at IS NULL"
FINISH = "DELETE FROM outbox WHERE errand = :errand"
ATTEMPT = """
UPDATE outbox SET attempted_at = :at, text = :text, lease_until = {now} + :lease
WHERE errand = :errand AND attempts = :attempts AND lease_until > {now}
RETURNING errand
"""
GIVE_UP = """
UPDATE outbox SET status = 'dead', lease_until = 0, note = :note,
    attempted_at = CASE WHEN :undone = 1 THEN NULL ELSE attempted_at END
WHERE errand = :errand AND attempts = :attempts
RETURNING errand
"""
AS_SEEN = """
WHERE errand = :errand AND attempts = :attempts AND status = :status AND coalesce(attempted_at, 0) = :attempted_at
  AND lease_until <= {now}
RETURNING errand
"""
TAKE_OFF = "DELETE FROM outbox"
# One more attempt, although nobody has tried: a worker that overslept, and still counts as before, changes nothing.
SET_GOING = """
UPDATE outbox SET status = 'due', due_at = :at, lease_until = 0, attempts = attempts + 1, note = :note,
    queued_at = CASE WHEN status = 'dead' THEN :at ELSE queued_at END,
    attempted_at = CASE WHEN :forgets = 1 THEN NULL ELSE attempted_at END
"""
KEY = "INSERT INTO patient_keys (owner, sealed_key) VALUES (:owner, :sealed_key)"

LEASE_MS = 15_000  # longer than the time-out of any call


def of_stream(stream: Booking | Conversation) -> Statement:
    """The view's row of a stream as it stands after its newest fact."""
    return _booking(stream) if isinstance(stream, Booking) else _conversation(stream)


def _booking(booking: Booking) -> Statement:
    phone = phone_backwards(booking.phone.readable) if booking.phone else ""
    return Statement(
        BOOKING,
        {
            "stream": booking.id,
            "version": booking.version,
            "clinic": booking.clinic,
            "uid": booking.uid,
            "state": str(booking.state),
            "conversation": booking.conversation,
            "name": booking.name.text if booking.name else None,
            "phone": booking.phone.text if booking.phone else None,
            "practitioner": booking.practitioner,
            "starts_at": milliseconds(booking.starts_at),
            "remind_at": milliseconds(next(iter(booking.reminders), None)),
            "expire_at": milliseconds(booking.expire_at),
            "updated_at": milliseconds(booking.modified_on),
            **name_keys(booking.name.readable if booking.name else ""),
            "phone_key": phone or None,
        },
    )


def _conversation(conversation: Conversation) -> Statement:
    memory = json.dumps(conversation.memory(), ensure_ascii=False)
    return Statement(CONVERSATION, {"stream": conversation.id, "version": conversation.version, "memory": memory})


def of_fact(fact: Fact, stream: Booking | Conversation) -> Iterator[Statement]:
    """What one fact adds to the views beside its stream's own row."""
    here = {"stream": stream.id, "clinic": stream.clinic}
    if isinstance(fact, TextSent) and is_told_here(fact, stream):
        sent = {"errand": fact.errand, "message_id": fact.message_id, "kind": fact.kind}
        about = {"bookings": json.dumps(fact.bookings), "status": str(Delivery.ACCEPTED)}
        yield Statement(SENT, {**here, **sent, **about})
    elif isinstance(fact, DeliveryReported):
        yield Statement(REPORTED, {"errand": fact.errand, "status": fact.status})
    elif isinstance(fact, HandedToStaff):
        item = {"version": fact.originator_version, "reason": fact.reason, "detail": fact.detail}
        bookings = json.dumps(fact.bookings)
        yield Statement(STAFF, {**here, **item, "bookings": bookings, "at": milliseconds(fact.timestamp)})
        for booking in dict.fromkeys(fact.bookings):
            yield Statement(ABOUT, {"booking": booking, "stream": stream.id, "version": fact.originator_version})
    elif isinstance(fact, ItemHandled):
        care = {"care": fact.how, "who": fact.who, "at": milliseconds(fact.timestamp)}
        yield Statement(CARE, {"stream": stream.id, "version": fact.item, **care})
    elif isinstance(fact, Heard):
        yield Statement(HEARD, {"clinic": stream.clinic, "message_id": fact.message_id})


def item(row: Row) -> Item:
    """An item of the inbox as it was stored."""
    at = moment(row["at"])
    if at is None:
        raise ValueError("an item without a date")
    return Item(
        at=at,
        stream=row["stream"],
        version=row["version"],
        clinic=row["clinic"],
        reason=row["reason"],
        detail=row["detail"],
        bookings=tuple(json.loads(row["bookings"])),
        care=Care(row["care"]),
    )


def queued(errand: Errand) -> Statement:
    """A new errand in the outbox."""
    return Statement(
        QUEUE,
        {
            "errand": errand.key,
            "stream": errand.stream,
            "version": errand.version,
            "kind": str(errand.kind),
            "channel": str(errand.kind.channel),
            "clinic": errand.clinic,
            "conversation": errand.conversation,
            "bookings": json.dumps(errand.bookings),
            "says": str(errand.says or ""),
            "lane": errand.lane,
            "due_at": milliseconds(errand.due_at) or 0,
            "queued_at": milliseconds(errand.queued_at),
        },
    )


def withdrawn(withdrawal: Withdrawal) -> Statement:
    if withdrawal.questions_of:
        return Statement(SILENCE, {"conversation": withdrawal.questions_of})
    return Statement(WITHDRAW, {"lane": withdrawal.lane})


def finished(errand: str) -> Statement:
    return Statement(FINISH, {"errand": errand})


def attempted(attempt: Attempt) -> Statement:
    return Statement(
        ATTEMPT,
        {
            "errand": attempt.claimed.errand.key,
            "attempts": attempt.claimed.attempts,
            "at": milliseconds(attempt.at),
            "text": attempt.text,
            "lease": LEASE_MS,
        },
        must_match=True,
    )


def given_up(gone: GivenUp, *, must_match: bool = False) -> Statement:
    claimed = {"errand": gone.claimed.errand.key, "attempts": gone.claimed.attempts}
    return Statement(GIVE_UP, {**claimed, "note": gone.why[:500], "undone": int(gone.undone)}, must_match=must_match)


def handled(by_hand: Handled) -> Statement:
    """What a person does with an errand: it is known to be done, or it is due now."""
    claimed = by_hand.claimed
    seen = {
        "errand": claimed.errand.key,
        "attempts": claimed.attempts,
        "status": "dead" if by_hand.was_dead else "due",
        "attempted_at": milliseconds(claimed.attempted_at) or 0,
    }
    if by_hand.how is ByHand.SENT:
        return Statement(TAKE_OFF + AS_SEEN, seen, must_match=True)
    forgets = int(by_hand.how is ByHand.UNSENT)
    going = {"at": milliseconds(by_hand.at), "note": "put back by staff", "forgets": forgets}
    return Statement(SET_GOING + AS_SEEN, seen | going, must_match=True)


def new_key(owner: str, sealed_key: bytes) -> Statement:
    return Statement(KEY, {"owner": owner, "sealed_key": sealed_key})
