"""What every fact has in common, and what is private to a patient.

A fact is stored for ever under its TOPIC: neither the topic nor a field's name may change once it is in use.
A new field needs a default on the class, so that older facts can still be read.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from eventsourcing.domain import CanCreateTimestamp, CanInitAggregate, CanMutateAggregate, MetaDomainEvent
from eventsourcing.utils import register_topic

TOPICS: set[str] = set()  # of all facts that this version knows


@dataclass(frozen=True)
class Moment:
    """One decision: when it was made (UTC), and the id that all its facts share."""

    at: datetime
    command: str


@dataclass(frozen=True)
class Private:
    """Something that identifies a patient. It is sealed with the key of `owner` (a stream id) wherever it is kept,
    so that destroying one key erases the patient from an append-only log; `text` is None once that has happened."""

    owner: str
    text: str | None

    def __repr__(self) -> str:
        return f"Private({self.owner!r}, …)"

    @property
    def readable(self) -> str:
        return self.text or ""


@dataclass(frozen=True)
class StreamEvent(CanCreateTimestamp, metaclass=MetaDomainEvent):
    """`command` is one decision's id: facts of several streams that were decided together share it.

    A class with a TOPIC of its own is stored under it, wherever the class may live.
    """

    originator_id: str
    originator_version: int
    timestamp: datetime
    command: str

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "TOPIC" in vars(cls):
            register_topic(vars(cls)["TOPIC"], cls)
            TOPICS.add(vars(cls)["TOPIC"])


@dataclass(frozen=True)
class StreamCreated(CanInitAggregate[str], StreamEvent):
    """The first fact of a stream."""

    originator_topic: str


class Fact(CanMutateAggregate[str], StreamEvent):
    """A later fact of a stream."""

    def apply(self, aggregate: Any) -> None:
        """What the fact changes; most change nothing, they only tell."""


def booking_id(clinic: str, uid: str) -> str:
    """The stream of one Cal.com booking of one clinic. The clinic's key has no hyphen, so no two pairs collide."""
    return f"booking-{clinic}-{uid}"


def conversation_id(clinic: str, phone_digest: str) -> str:
    """The stream of one phone at one clinic. The digest is keyed: no phone number stands in an id."""
    return f"conversation-{clinic}-{phone_digest}"


def clinic_of(stream: str) -> str:
    """The clinic to which a stream belongs; "" where the name is that of none."""
    kind, _, rest = stream.partition("-")
    clinic, dash, _ = rest.partition("-")
    return clinic if dash and kind in ("booking", "conversation") else ""
