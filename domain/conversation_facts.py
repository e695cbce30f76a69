"""What can happen to a conversation: what was asked and heard, and what came of it; its consent; the ways to its phone.

These facts are stored for ever: see `domain.facts` for what may change.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from domain.errands import Kind, Says
from domain.facts import Fact, Private, StreamCreated
from domain.replies import Topic
from domain.ways import Way

if TYPE_CHECKING:
    from domain.conversation import Conversation

BEFORE_IT_WAS_KEPT = "1970-01-01T00:00:00+00:00"


class Outcome(StrEnum):
    """What became of one inbound text. Every accepted text has exactly one."""

    DECIDED = "decided"
    UNCLEAR = "unclear"
    REPEATED = "repeated"
    TOO_LATE = "too_late"
    NOT_ASKED = "not_asked"
    UNKNOWN = "unknown"
    OPTED_OUT = "opted_out"
    OPTED_IN = "opted_in"
    HELPED = "helped"
    NOTED = "noted"


class Started(Fact, StreamCreated):
    """The first booking or the first text of this phone."""

    TOPIC = "conversation.started"
    clinic: str
    phone: Private

    def apply(self, aggregate: "Conversation") -> None:
        aggregate.clinic, aggregate.phone = self.clinic, self.phone


class BookingJoined(Fact):
    """A booking whose patient has this phone; it wants to be asked at `ask_at`, None where no moment is left for
    that."""

    TOPIC = "conversation.booking_joined"
    bookings: list[str]
    ask_at: datetime | None

    def apply(self, aggregate: "Conversation") -> None:
        aggregate.knows_bookings = True


class QuestionAsked(Fact):
    """The question is about to leave: which bookings it names, in which order. Fixed before the carrier is called,
    so that two workers never ask twice, and "the last question" is a fact."""

    TOPIC = "conversation.question_asked"
    errand: str
    bookings: list[str]
    words: Private
    segments: int = 0
    kind: str = Kind.ASK

    def apply(self, aggregate: "Conversation") -> None:
        if self.kind == Kind.ASK_BY_EMAIL:
            return  # no text can answer it, so the question before it stands
        named = tuple(self.bookings)
        aggregate.asking = Question(self.errand, named, self.timestamp, self.segments, Kind(self.kind))


class Heard(Fact):
    """A text from this phone, what it was taken to mean, by which rule, and what came of it.
    `says` names what it is answered with (see `domain.wording`), "" where it is not answered at once. `sent_at` is
    None for a text that was heard when it came, a moment for one that was fetched later; `asked_at` is when the
    question left that it is the first to decide, None for any other text. `by` is the way by which it came."""

    TOPIC = "conversation.heard"
    message_id: str
    words: Private
    pictures: int
    meaning: str
    rule: str
    outcome: str
    bookings: list[str]
    says: str
    sent_at: datetime | None = None
    asked_at: datetime | None = None
    by: str = Way.SMS

    def apply(self, aggregate: "Conversation") -> None:
        aggregate.heard_by = Way(self.by)
        if self.outcome == Outcome.DECIDED:
            aggregate.decided_at = self.sent_at or self.timestamp
        if self.says == Says.CLARIFY:
            aggregate.clarifications += 1
        elif self.says:
            aggregate.count_answer(self.timestamp.date())


class ConsentChanged(Fact):
    """`by` is "text" or "carrier"; `word` what was said, or the carrier's code."""

    by: str
    word: str
    message_id: str


class WayClosed(Fact):
    """A way turned out not to lead to this phone. `why` is a `domain.inbound.Blame`, `code` the carrier's."""

    TOPIC = "conversation.way_closed"
    way: str
    why: str
    code: str
    bookings: list[str]

    def apply(self, aggregate: "Conversation") -> None:
        aggregate.closed_ways[self.way] = self.why


class WayOpened(Fact):
    """A way leads to this phone after all: a text came by it, or a person ("staff") wants it to be tried again."""

    TOPIC = "conversation.way_opened"
    way: str
    by: str

    def apply(self, aggregate: "Conversation") -> None:
        aggregate.closed_ways.pop(self.way, None)


class LinkAnswered(Fact):
    """The patient has answered by the link of the question of this errand. `answer` is YES or NO; `asked_at` as in
    `Heard`."""

    TOPIC = "conversation.link_answered"
    errand: str
    answer: str
    bookings: list[str]
    asked_at: datetime | None

    def apply(self, aggregate: "Conversation") -> None:
        aggregate.decided_at = self.timestamp


class OptedOut(ConsentChanged):
    """No more texts to this phone."""

    TOPIC = "conversation.opted_out"

    def apply(self, aggregate: "Conversation") -> None:
        aggregate.opted_out, aggregate.mistaken = True, self.word == Topic.WRONG_NUMBER


class OptedIn(ConsentChanged):
    """The phone wants texts again."""

    TOPIC = "conversation.opted_in"

    def apply(self, aggregate: "Conversation") -> None:
        aggregate.opted_out = aggregate.mistaken = False


@dataclass(frozen=True)
class Question:
    """One question: the errand that asks it and its kind, the bookings that it names, when it was about to leave, and
    how many segments it has."""

    errand: str
    bookings: tuple[str, ...]
    asked_at: datetime
    segments: int = 0
    kind: Kind = Kind.ASK

    def memory(self) -> dict[str, Any]:
        kept = {"errand": self.errand, "bookings": list(self.bookings), "asked_at": self.asked_at.isoformat()}
        return {**kept, "segments": self.segments, **({"kind": self.kind} if self.kind is not Kind.ASK else {})}

    @classmethod
    def recall(cls, memory: Mapping[str, Any] | None) -> "Question | None":
        if not memory:
            return None
        asked_at = datetime.fromisoformat(memory.get("asked_at", BEFORE_IT_WAS_KEPT))
        kind = Kind(memory.get("kind", Kind.ASK))
        return cls(memory["errand"], tuple(memory["bookings"]), asked_at, memory.get("segments", 0), kind)
