"""One phone and one clinic: what was heard from that phone, whose answer it is, and its consent.

Conversations grow without end, so they are not rebuilt from their facts: what a decision needs is a bounded
memory, a row that is written in the same commit as the facts.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Self

from domain.conversation_facts import (
    BookingJoined,
    Heard,
    LinkAnswered,
    OptedIn,
    OptedOut,
    Outcome,
    Question,
    QuestionAsked,
    Started,
    WayClosed,
    WayOpened,
)
from domain.correspondence import Correspondent, TextRefused, TextSent
from domain.errands import Kind, Says
from domain.facts import Moment, Private
from domain.inbound import Blame, InboundText
from domain.replies import Answer, Meaning, Topic
from domain.saying.segments import segments
from domain.ways import Way


class Conversation(Correspondent):
    """One phone at one clinic; its stream is `conversation-<clinic>-<keyed digest of the phone>`.

    `question` is the last one that the carrier has accepted, `previous` the one before, `asking` one that is about to
    leave or in doubt: until it is proved, a text answers the question before it. `mistaken`: opted out because the
    phone seemed to be somebody else's. `closed_ways`: those that do not lead to this phone, and why; `heard_by` is
    the way of the last text, by which answers go back.
    """

    TOPIC = "conversation"

    def __init__(self) -> None:
        self.clinic = ""
        self.phone = Private("", None)
        self.opted_out = False
        self.knows_bookings = False
        self.question: Question | None = None
        self.asking: Question | None = None
        self.previous: Question | None = None
        self.mistaken = False
        self.clarifications = 0
        self.decided_at: datetime | None = None
        self.closed_ways: dict[str, str] = {}
        self.heard_by = Way.SMS
        self.answered_on: date | None = None
        self.answers_that_day = 0

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

    def join(self, booking: str, ask_at: datetime | None, moment: Moment) -> None:
        """A booking of this phone was requested."""
        self._note(BookingJoined, moment, bookings=[booking], ask_at=ask_at)

    def ask(self, errand: str, bookings: tuple[str, ...], words: str, moment: Moment, kind: Kind = Kind.ASK) -> None:
        """Fix the question that is about to leave."""
        said = {"words": self.private(words), "segments": segments(words) if kind.way is Way.SMS else 0, "kind": kind}
        self._note(QuestionAsked, moment, errand=errand, bookings=list(bookings), **said)

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
            sent_at=text.sent_at,
            asked_at=self._first_answered() if outcome is Outcome.DECIDED else None,
            by=text.by,
        )
        self.open_way(text.by, text.by, moment)

    def answer_by_link(self, errand: str, answer: Answer, bookings: Sequence[str], moment: Moment) -> None:
        """The patient has answered by a link."""
        told = {"answer": answer, "bookings": list(bookings), "asked_at": self._first_answered()}
        self._note(LinkAnswered, moment, errand=errand, **told)

    def close_way(self, way: Way, why: Blame, code: str, bookings: Sequence[str], moment: Moment) -> None:
        """Remember that this way does not lead to this phone; noted once."""
        if way not in self.closed_ways:
            self._note(WayClosed, moment, way=way, why=why, code=code, bookings=list(bookings))

    def open_way(self, way: str, by: str, moment: Moment) -> None:
        """This way is worth a try again; noted only where it was closed."""
        if way in self.closed_ways:
            self._note(WayOpened, moment, way=way, by=by)

    def opt_out(self, by: str, word: str, message_id: str, moment: Moment) -> None:
        """Stop texting this phone; noted once, and once more where the first seemed to be somebody else's word."""
        if not self.opted_out or (self.mistaken and word != Topic.WRONG_NUMBER):
            self._note(OptedOut, moment, by=by, word=word, message_id=message_id)

    def opt_in(self, by: str, word: str, message_id: str, moment: Moment) -> None:
        """This phone wants texts again; noted once."""
        if self.opted_out:
            self._note(OptedIn, moment, by=by, word=word, message_id=message_id)

    def open_all_ways(self, by: str, moment: Moment) -> None:
        """Whatever was closed is worth a try again."""
        for way in list(self.closed_ways):
            self.open_way(way, by, moment)

    def answers_on(self, day: date) -> int:
        """How many direct answers this phone has had on a day."""
        return self.answers_that_day if self.answered_on == day else 0

    def private(self, text: str) -> Private:
        """Words that only this conversation's key opens."""
        return Private(self.id, text)

    def _first_answered(self) -> datetime | None:
        """When the question left that a decision now is the first to answer; None where it has been answered."""
        if self.question is None or (self.decided_at and self.decided_at >= self.question.asked_at):
            return None
        return self.question.asked_at

    # -- What facts change ------------------------------------------------------------------------------------

    def count_answer(self, day: date) -> None:
        self.answers_that_day = self.answers_on(day) + 1
        self.answered_on = day

    def heard_of_text(self, fact: TextSent) -> None:
        if Kind(fact.kind).asks and self.asking is not None and self.asking.errand == fact.errand:
            self.previous, self.question, self.asking = self.question, self.asking, None
            self.clarifications = 0

    def heard_of_refusal(self, fact: TextRefused) -> None:
        if self.asking is not None and self.asking.errand == fact.errand:
            self.asking = None

    # -- The bounded memory -----------------------------------------------------------------------------------

    def memory(self) -> dict[str, Any]:
        """What `remember` needs, as JSON values."""
        return {
            "at": self.modified_on.isoformat(),
            "clinic": self.clinic,
            "phone": self.phone.text,
            "opted_out": self.opted_out,
            "knows_bookings": self.knows_bookings,
            "question": self.question.memory() if self.question else None,
            "asking": self.asking.memory() if self.asking else None,
            "previous": self.previous.memory() if self.previous else None,
            "mistaken": self.mistaken,
            "clarifications": self.clarifications,
            "decided_at": self.decided_at.isoformat() if self.decided_at else None,
            "answered_on": self.answered_on.isoformat() if self.answered_on else None,
            "answers_that_day": self.answers_that_day,
            **self._memory_of_ways(),
        }

    def _memory_of_ways(self) -> dict[str, Any]:
        """Only what is not usual, so that a memory from before there were ways is still the same."""
        unusual = {"closed_ways": self.closed_ways, "heard_by": self.heard_by if self.heard_by is not Way.SMS else None}
        return {name: value for name, value in unusual.items() if value}

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
        self.question, self.asking = Question.recall(memory["question"]), Question.recall(memory["asking"])
        self.previous, self.mistaken = Question.recall(memory.get("previous")), memory.get("mistaken", False)
        self.closed_ways = dict(memory.get("closed_ways", {}))
        self.heard_by = Way(memory.get("heard_by", Way.SMS))
        self.answers_that_day = memory["answers_that_day"]
        if decided_at := memory.get("decided_at"):
            self.decided_at = datetime.fromisoformat(decided_at)
        if day := memory["answered_on"]:
            self.answered_on = date.fromisoformat(day)
        return self
