"""One phone and one clinic: what was heard from that phone, whose answer it is, and its consent.

Conversations grow without end, so they are not rebuilt from their facts: what a decision needs is a bounded
memory, a row that is written in the same commit as the facts.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Self

from domain.correspondence import Correspondent, TextSent
from domain.errands import Kind, Says
from domain.facts import Fact, Moment, Private, StreamCreated
from domain.inbound import InboundText
from domain.replies import Meaning


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
    """A booking whose patient has this phone; it wants to be asked at `ask_at`."""

    TOPIC = "conversation.booking_joined"
    bookings: list[str]
    ask_at: datetime

    def apply(self, aggregate: "Conversation") -> None:
        aggregate.knows_bookings = True


class QuestionAsked(Fact):
    """The question is about to leave: which bookings it names, in which order. Fixed before the carrier is called,
    so that two workers never ask twice, and "the last question" is a fact."""

    TOPIC = "conversation.question_asked"
    errand: str
    bookings: list[str]
    words: Private

    def apply(self, aggregate: "Conversation") -> None:
        aggregate.question = Question(self.errand, tuple(self.bookings))


class Heard(Fact):
    """A text from this phone, what it was taken to mean, by which rule, and what came of it.
    `says` names what it is answered with (see `domain.wording`), "" where it is not answered at once."""

    TOPIC = "conversation.heard"
    message_id: str
    words: Private
    pictures: int
    meaning: str
    rule: str
    outcome: str
    bookings: list[str]
    says: str

    def apply(self, aggregate: "Conversation") -> None:
        if self.says == Says.CLARIFY:
            aggregate.clarifications += 1
        if self.says == Says.STRANGER:
            aggregate.strangers_answer_on = self.timestamp.date()


class OptedOut(Fact):
    """No more texts to this phone. `how`: by which word, or the carrier's code."""

    TOPIC = "conversation.opted_out"
    how: str
    message_id: str

    def apply(self, aggregate: "Conversation") -> None:
        aggregate.opted_out = True


class OptedIn(OptedOut):
    """The phone wants texts again."""

    TOPIC = "conversation.opted_in"

    def apply(self, aggregate: "Conversation") -> None:
        aggregate.opted_out = False


@dataclass(frozen=True)
class Question:
    """The last question that left, or is about to: `accepted` once the carrier has it."""

    errand: str
    bookings: tuple[str, ...]
    accepted: bool = False


class Conversation(Correspondent):
    """One phone at one clinic; its stream is `conversation-<clinic>-<keyed digest of the phone>`."""

    TOPIC = "conversation"

    def __init__(self) -> None:
        self.clinic = ""
        self.phone = Private("", None)
        self.opted_out = False
        self.knows_bookings = False
        self.question: Question | None = None
        self.clarifications = 0
        self.strangers_answer_on: date | None = None

    @classmethod
    def start(cls, stream: str, clinic: str, phone: str, moment: Moment) -> Self:
        """A phone that we meet for the first time."""
        return cls._create(
            Started,
            id=stream,
            timestamp=moment.at,
            command=moment.command,
            clinic=clinic,
            phone=Private(stream, phone),
        )

    def join(self, booking: str, ask_at: datetime, moment: Moment) -> None:
        """A booking of this phone was requested."""
        self._note(BookingJoined, moment, bookings=[booking], ask_at=ask_at)

    def ask(self, errand: str, bookings: tuple[str, ...], words: str, moment: Moment) -> None:
        """Fix the question that is about to leave."""
        self._note(QuestionAsked, moment, errand=errand, bookings=list(bookings), words=self.private(words))

    def hear(
        self,
        text: InboundText,
        meaning: Meaning,
        outcome: Outcome,
        moment: Moment,
        *,
        bookings: tuple[str, ...] = (),
        says: Says | None = None,
    ) -> None:
        """Record a text and what came of it."""
        self._note(
            Heard,
            moment,
            message_id=text.message_id,
            words=self.private(text.text),
            pictures=text.pictures,
            meaning=meaning.label,
            rule=meaning.rule,
            outcome=outcome,
            bookings=list(bookings),
            says=says or "",
        )

    def opt_out(self, how: str, message_id: str, moment: Moment) -> None:
        """Stop texting this phone; noted once."""
        if not self.opted_out:
            self._note(OptedOut, moment, how=how, message_id=message_id)

    def opt_in(self, how: str, message_id: str, moment: Moment) -> None:
        """This phone wants texts again; noted once."""
        if self.opted_out:
            self._note(OptedIn, moment, how=how, message_id=message_id)

    def private(self, text: str) -> Private:
        """Words that only this conversation's key opens."""
        return Private(self.id, text)

    def heard_of_text(self, fact: TextSent) -> None:
        question = self.question
        if fact.kind == Kind.ASK and question is not None and question.errand == fact.errand:
            self.question = Question(question.errand, question.bookings, accepted=True)
            self.clarifications = 0

    # -- The bounded memory -----------------------------------------------------------------------------------

    def memory(self) -> dict[str, Any]:
        """What `remember` needs, as JSON values."""
        return {
            "at": self.modified_on.isoformat(),
            "clinic": self.clinic,
            "phone": self.phone.text,
            "opted_out": self.opted_out,
            "knows_bookings": self.knows_bookings,
            "question": asdict(self.question) if self.question else None,
            "clarifications": self.clarifications,
            "strangers_answer_on": self.strangers_answer_on.isoformat() if self.strangers_answer_on else None,
        }

    @classmethod
    def remember(cls, stream: str, version: int, memory: Mapping[str, Any]) -> Self:
        """The conversation as it stood after its fact number `version`."""
        at = datetime.fromisoformat(memory["at"])
        self = cls.__new__(cls)
        self.__base_init__(stream, version, at)
        self.__init__()  # type: ignore[misc]
        self.clinic, self.phone = memory["clinic"], Private(stream, memory["phone"])
        self.opted_out, self.knows_bookings = memory["opted_out"], memory["knows_bookings"]
        self.clarifications = memory["clarifications"]
        if question := memory["question"]:
            self.question = Question(question["errand"], tuple(question["bookings"]), question["accepted"])
        if day := memory["strangers_answer_on"]:
            self.strangers_answer_on = date.fromisoformat(day)
        return self
