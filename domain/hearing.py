"""Whose answer is it, and what shall come of it? Pure: a conversation, its bookings and a meaning go in, one verdict
comes out. The order of the rules matters: an answer to an open question first, consent second."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from domain.booking import Booking
from domain.conversation import Conversation, Outcome
from domain.errands import Says
from domain.inbound import ConsentHint
from domain.lifecycle import State
from domain.replies import Answer, Keyword, Meaning


@dataclass(frozen=True)
class Situation:
    """Everything that the verdict depends on. `named` are the bookings of the last question, `waiting` are open
    bookings that no question has named yet."""

    conversation: Conversation
    named: Sequence[Booking]
    waiting: Sequence[Booking]
    meaning: Meaning
    hint: ConsentHint | None
    max_clarifications: int
    now: datetime

    @property
    def answerable(self) -> list[Booking]:
        """The bookings that this text can answer: named by the last question, and still open."""
        return [booking for booking in self.named if booking.is_open and booking.question]

    @property
    def says_stop(self) -> bool:
        return self.meaning.keyword is Keyword.STOP or self.hint is ConsentHint.STOP

    @property
    def says_start(self) -> bool:
        """A YES that the carrier marks as START is a YES: only a text that says nothing else is a new consent."""
        unclear = self.meaning.answer is Answer.UNCLEAR
        return self.meaning.keyword is Keyword.START or (unclear and self.hint is ConsentHint.START)


@dataclass(frozen=True)
class Verdict:
    """What comes of a text. `staff` is a sentence for the inbox, "" where no person needs to look."""

    outcome: Outcome
    bookings: Sequence[Booking] = field(default_factory=list)
    says: Says | None = None
    staff: str = ""


def judge(situation: Situation) -> Verdict:
    """The one verdict on one text."""
    for rule in RULES:
        verdict = rule(situation)
        if verdict is not None:
            return verdict
    return Verdict(Outcome.NOTED, situation.named, staff="A text that asks for no answer from us: please read it.")


def _answer(situation: Situation) -> Verdict | None:
    if not situation.answerable or situation.meaning.answer is Answer.UNCLEAR:
        return None
    staff = "The patient cancelled with a word that also stops all texts: no acknowledgement can be sent."
    return Verdict(Outcome.DECIDED, situation.answerable, staff=staff if situation.says_stop else "")


def _stop(situation: Situation) -> Verdict | None:
    if not situation.says_stop:
        return None
    still_open = [*situation.answerable, *situation.waiting]
    staff = "The patient has opted out of texts: please call." if still_open else ""
    return Verdict(Outcome.OPTED_OUT, still_open, staff=staff)


def _start(situation: Situation) -> Verdict | None:
    return Verdict(Outcome.OPTED_IN) if situation.says_start else None


def _help(situation: Situation) -> Verdict | None:
    if situation.hint is ConsentHint.HELP:
        return Verdict(Outcome.HELPED)  # the carrier has answered it
    return Verdict(Outcome.HELPED, says=Says.HELP) if situation.meaning.keyword is Keyword.HELP else None


def _unclear(situation: Situation) -> Verdict | None:
    if not situation.answerable:
        return None
    if situation.conversation.clarifications < situation.max_clarifications:
        return Verdict(Outcome.UNCLEAR, situation.answerable, says=Says.CLARIFY)
    return Verdict(Outcome.UNCLEAR, situation.answerable, staff="A text that we do not understand: please read it.")


def _changed_mind(situation: Situation) -> Verdict | None:
    if situation.meaning.answer is not Answer.NO:
        return None
    standing = [booking for booking in situation.named if booking.state is State.CONFIRMED]
    ahead = [booking for booking in standing if not booking.has_started(situation.now)]
    if ahead:
        return Verdict(Outcome.DECIDED, ahead)
    staff = "The patient said NO after the appointment had begun."
    return Verdict(Outcome.TOO_LATE, standing, staff=staff) if standing else None


def _late(situation: Situation) -> Verdict | None:
    """YES or NO to a question that is settled: say how it stands."""
    if not situation.named or situation.meaning.answer is Answer.UNCLEAR:
        return None
    booking = situation.named[0]
    if booking.unsettled is not None:
        return Verdict(Outcome.REPEATED, [booking])  # the acknowledgement is on its way
    if booking.state is State.EXPIRED:
        staff = f"The patient said {situation.meaning.answer} after the time to answer was over."
        return Verdict(Outcome.TOO_LATE, [booking], Says.EXPIRED, staff)
    if booking.state is State.CONFIRMED:
        return Verdict(Outcome.REPEATED, [booking], Says.ALREADY_CONFIRMED)
    outcome = Outcome.REPEATED if situation.meaning.answer is Answer.NO else Outcome.TOO_LATE
    return Verdict(outcome, [booking], Says.ALREADY_CANCELLED)


def _not_asked(situation: Situation) -> Verdict | None:
    if not situation.waiting:
        return None
    staff = "A text that came before our question: please read it."
    return Verdict(Outcome.NOT_ASKED, situation.waiting, staff=staff)


def _stranger(situation: Situation) -> Verdict | None:
    """A number that we do not know gets one polite answer a day."""
    if situation.conversation.knows_bookings:
        return None
    if situation.conversation.strangers_answer_on == situation.now.date():
        return Verdict(Outcome.UNKNOWN)
    return Verdict(Outcome.UNKNOWN, says=Says.STRANGER, staff="A text from a number without a booking: please read it.")


RULES: tuple[Callable[[Situation], Verdict | None], ...] = (
    _answer,
    _stop,
    _start,
    _help,
    _unclear,
    _changed_mind,
    _late,
    _not_asked,
    _stranger,
)
