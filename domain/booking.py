"""A booking asks its patient one question by SMS, and lives until the answer."""

from collections.abc import Collection, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from domain import booking_facts as facts
from domain.correspondence import Correspondent, DeliveryReported, HandedToStaff, TextSent
from domain.deadlines import Deadlines
from domain.errands import ASKS_BY, Kind
from domain.errors import NotPossible
from domain.facts import Moment, Private, StreamCreated, booking_id
from domain.inbound import BookingRequested, BookingSettled, Delivery, Settlement
from domain.inbox import Staff
from domain.lifecycle import ASKED, OPEN, Move, State, after
from domain.replies import Answer
from domain.ways import Way

FIRST_QUESTIONS = (Kind.ASK, *ASKS_BY.values())  # a reminder that does not arrive leaves the patient reached
PENDING = "pending"  # what the calendar calls a booking that nobody has settled


class Booking(Correspondent):
    """One Cal.com booking of one clinic; its stream is `booking-<clinic>-<uid>`.

    `unsettled` is the version of a decision that the calendar does not show yet; `answered_by` the id of the text that
    decided last, and `together` the bookings that it decided in the same way. `acknowledged` and `staff_knows` (why)
    are about that decision as well.
    """

    TOPIC = "booking"

    def __init__(self) -> None:
        self.state = State.REQUESTED
        self.clinic = self.uid = self.practitioner = ""
        self.language, self.time_zone = "en", "UTC"
        self.name: Private | None = None
        self.phone: Private | None = None
        self.email: Private | None = None
        self.conversation: str | None = None
        self.starts_at: datetime | None = None
        self.ends_at: datetime | None = None
        self.ask_at: datetime | None = None
        self.remind_at: list[datetime] = []
        self.reminded_until: datetime | None = None
        self.expire_at: datetime | None = None
        self.question: str | None = None
        self.mailed_at: datetime | None = None
        self.reached = False
        self.frees_slot = False
        self.unsettled: int | None = None
        self.patient_waits = False
        self.calendar_failed = False
        self.told_how = ""
        self.told_at: datetime | None = None
        self.requested_at: datetime | None = None
        self.decided_at: datetime | None = None
        self.settled_at: datetime | None = None
        self.answered_by = ""
        self.by_link = False
        self.together: list[str] = []
        self.acknowledged = False
        self.staff_knows: set[str] = set()
        self.recurring = False

    # -- What may be asked of it ------------------------------------------------------------------------------

    @classmethod
    def request(
        cls,
        clinic: str,
        notice: BookingRequested,
        conversation: str | None,
        deadlines: Deadlines,
        moment: Moment,
    ) -> "Booking":
        """A new booking. What identifies the patient is sealed with the conversation's key, or, where there is no
        phone and so no conversation, with the booking's own."""
        owner = conversation or booking_id(clinic, notice.uid)
        return cls._begin(
            facts.Requested,
            clinic,
            notice.uid,
            moment,
            starts_at=notice.starts_at,
            ends_at=notice.ends_at,
            practitioner=notice.practitioner,
            language=notice.language,
            time_zone=notice.time_zone,
            name=Private(owner, notice.patient_name),
            phone=Private(owner, notice.phone) if notice.phone else None,
            email=Private(owner, notice.email) if notice.email else None,
            conversation=conversation,
            recurring=notice.recurring,
            rescheduled_from=notice.rescheduled_from,
            told_at=notice.told_at,
            **deadlines.as_fields(),
        )

    @classmethod
    def seen_settled(cls, clinic: str, notice: BookingSettled, moment: Moment) -> "Booking":
        """A tombstone for a booking that was settled before we heard of it."""
        how, told_at = notice.how, notice.told_at
        state = settled_state(how)
        return cls._begin(facts.SeenSettled, clinic, notice.uid, moment, how=how, state=state, told_at=told_at)

    def put_question(self, errand: str, moment: Moment, by: Way = Way.SMS) -> None:
        """The question is about to leave; noted once for each errand."""
        if self.question != errand:
            self._note(facts.QuestionPut, moment, errand=errand, by=by)

    def question_accepted(
        self, errand: str, message_id: str, proved_by: str, moment: Moment, kind: Kind = Kind.ASK
    ) -> None:
        """The carrier has the question. Noted late, or asked again, it is a fact without a move."""
        if self.state is State.REQUESTED:
            proof = {"message_id": message_id, "proved_by": proved_by, "by": kind.way or Way.SMS}
            self._move(Move.ASK, facts.SmsSent, moment, errand=errand, **proof)
        else:
            self.text_accepted(kind, errand, moment, message_id=message_id, proved_by=proved_by, bookings=(self.id,))

    def reply(
        self,
        answer: Answer,
        message_id: str,
        words: Private,
        rule: str,
        moment: Moment,
        *,
        together: Sequence[str] = (),
    ) -> None:
        """The patient's answer to our question. Raises NotPossible where the state takes none."""
        said = {"message_id": message_id, "words": words, "rule": rule}
        alike = {"together": list(together) or [self.id]}
        if answer is Answer.YES:
            self._move(Move.SAY_YES, facts.Confirmed, moment, **said, **alike)
        elif answer is Answer.UNCLEAR:
            self._move(Move.SAY_OTHER, facts.ReplyUnclear, moment, **said)
        elif self.state is State.CONFIRMED:
            self._move(Move.CHANGE_MIND, facts.ChangedMind, moment, **said, **alike)
        else:
            self._move(Move.SAY_NO, facts.Cancelled, moment, **said, **alike)

    def answer_by_link(self, answer: Answer, errand: str, together: Sequence[str], moment: Moment) -> None:
        """The patient's answer on the page behind the link of a question. Raises NotPossible where the state takes
        none."""
        said = {"errand": errand, "together": list(together)}
        if answer is Answer.YES:
            self._move(Move.SAY_YES, facts.ConfirmedByLink, moment, **said)
        elif self.state is State.CONFIRMED:
            self._move(Move.CHANGE_MIND, facts.ChangedMindByLink, moment, **said)
        else:
            self._move(Move.SAY_NO, facts.CancelledByLink, moment, **said)

    def remind(self, now: datetime, moment: Moment) -> None:
        """A reminder is due at `now`. Raises NotPossible where none is, or nobody waits for an answer."""
        due = [one for one in self.reminders if one <= now]
        if not due or not self.was_asked:
            raise NotPossible("no reminder is due")
        self._note(facts.ReminderDue, moment, due_at=max(due))

    def run_out(self, cancels: bool, now: datetime, moment: Moment) -> None:
        """The deadline has passed at `now`; `cancels` frees the slot in the calendar."""
        if self.expire_at is None or self.expire_at > now:
            raise NotPossible("the deadline has not passed")
        self._move(Move.RUN_OUT, facts.Expired, moment, cancels=cancels)

    def settled_in_calendar(self, notice: BookingSettled, moment: Moment) -> bool:
        """The calendar tells how the booking was settled. Our own doing comes back as an echo, which is no move.
        Returns False where it tells nothing new: repeated, or overtaken by something that it told later."""
        told = {"how": notice.how, "told_at": notice.told_at}
        wanted = settled_state(notice.how)
        if self._was_told(notice, wanted):
            return False
        if self._agrees_with(wanted):
            self._note(facts.CalendarEchoed, moment, **told)
        elif self.unsettled is not None:
            self._note(facts.CalendarDiffers, moment, **told)
        else:
            self._settle(wanted, moment, **told, reason=self.private(notice.reason) if notice.reason else None)
        return True

    def seat_given_up(self, notice: BookingSettled, moment: Moment) -> bool:
        """Somebody's seat, the calendar does not say whose. Returns False where that is no news."""
        if self.told_at is not None and (notice.told_at is None or notice.told_at <= self.told_at):
            return False
        self._note(facts.SeatGivenUp, moment, how=notice.how, told_at=notice.told_at)
        self.hand_to_staff(Staff.SEAT_GIVEN_UP, moment, bookings=(self.id,))
        return True

    def seems_pending(self, moment: Moment) -> bool:
        """The calendar shows the booking as pending although it is settled, and no call of ours is owed. Returns False
        where that is noted already."""
        if self.state not in (State.CONFIRMED, State.CANCELLED) or self.unsettled is not None:
            return False
        if self.calendar_failed or self.told_how == PENDING:
            return False
        self._note(facts.CalendarDiffers, moment, how=PENDING, told_at=None)
        self.hand_to_staff(Staff.CALENDAR_DIFFERS, moment, PENDING, (self.id,))
        return True

    def calendar_agrees(self, status: str | None, proved_by: str, moment: Moment) -> None:
        """The calendar shows what was decided; `status` None where only its answer to our call says so."""
        self._note(facts.CalendarAgreed, moment, status=status, proved_by=proved_by, answers=self._waiting_for())

    def calendar_refuses(self, status: str, code: str, detail: str, moment: Moment) -> None:
        """The calendar shows the opposite of what was decided, and our call could not change it.
        An expired booking that the host confirmed meanwhile is simply confirmed."""
        if self.state is State.EXPIRED:
            self._settle(State.CONFIRMED, moment, how=Settlement.CONFIRMED, told_at=None, reason=None)
            return
        told = {"code": code, "detail": self.private(detail) if detail else None}
        answers = self._waiting_for()
        self._move(Move.CALENDAR_REFUSED, facts.CalendarRefused, moment, status=status, answers=answers, **told)

    def calendar_fails(self, status: str | None, code: str, detail: str, moment: Moment) -> None:
        """Our call came to nothing, and the calendar shows neither outcome."""
        told = {"code": code, "detail": self.private(detail) if detail else None}
        self._note(facts.CalendarFailed, moment, status=status, answers=self._waiting_for(), **told)

    def reschedule(self, notice: BookingRequested, deadlines: Deadlines, moment: Moment) -> None:
        """The same uid has a new start."""
        told = {"starts_at": notice.starts_at, "ends_at": notice.ends_at, "told_at": notice.told_at}
        self._move(Move.MOVED, facts.StartMoved, moment, **told, time_zone=notice.time_zone, **deadlines.as_fields())

    def staff_confirms(self, who: str, moment: Moment) -> None:
        """A person decides for the patient."""
        self._move(Move.STAFF_CONFIRMS, facts.ConfirmedByStaff, moment, who=who)

    def staff_cancels(self, who: str, moment: Moment) -> None:
        """A person decides for the patient."""
        self._move(Move.STAFF_CANCELS, facts.CancelledByStaff, moment, who=who)

    def ask_again(self, who: str, deadlines: Deadlines, moment: Moment) -> None:
        """A person lets the patient be asked once more."""
        self._move(Move.ASK_AGAIN, facts.AskedAgain, moment, who=who, **deadlines.as_fields())

    def set_deadlines(self, deadlines: Deadlines, moment: Moment) -> None:
        """A late question."""
        self._note(facts.DeadlinesSet, moment, **deadlines.as_fields())

    def private(self, text: str) -> Private:
        """Sealed with the conversation's key, or, where there is no phone and so no conversation, with its own."""
        return Private(self.conversation or self.id, text)

    @property
    def local_start(self) -> datetime | None:
        """The start on the patient's clock."""
        return self.starts_at.astimezone(ZoneInfo(self.time_zone)) if self.starts_at else None

    @property
    def reminders(self) -> list[datetime]:
        """When reminders are still to come, in order."""
        return [one for one in self.remind_at if self.reminded_until is None or one > self.reminded_until]

    @property
    def is_open(self) -> bool:
        """Whether the booking still waits for an answer."""
        return self.state in OPEN

    @property
    def was_asked(self) -> bool:
        """Whether the patient has the question, and has not answered it."""
        return self.state in ASKED

    def is_over(self, now: datetime) -> bool:
        """Whether it is too late to ask about it."""
        return self.has_started(now) or self.expire_at is None or self.expire_at <= now

    @property
    def has_email(self) -> bool:
        """Whether the patient can be written to; so once that is erased, not any more."""
        return self.email is not None and bool(self.email.text)

    def is_written_to(self, ways: Collection[Way]) -> bool:
        """Whether a clinic that has these ways writes to the patient."""
        return Way.EMAIL in ways and self.has_email

    def has_started(self, now: datetime) -> bool:
        return self.starts_at is not None and self.starts_at <= now

    # -- How it happens: the table decides, the fact remembers ------------------------------------------------

    @classmethod
    def _begin(cls, fact: type[StreamCreated], clinic: str, uid: str, moment: Moment, **details: object) -> "Booking":
        stream = booking_id(clinic, uid)
        return cls._create(
            fact, id=stream, timestamp=moment.at, command=moment.command, clinic=clinic, uid=uid, **details
        )

    def _move(self, move: Move, fact: type[facts.Moved], moment: Moment, **details: object) -> None:
        self._note(fact, moment, state=after(move, self.state), **details)

    def _settle(self, wanted: State, moment: Moment, **told: object) -> None:
        if wanted is State.CONFIRMED:
            self._move(Move.CALENDAR_CONFIRMED, facts.ConfirmedInCalendar, moment, **told)
        else:
            self._move(Move.CALENDAR_CANCELLED, facts.CancelledInCalendar, moment, **told)

    def _was_told(self, notice: BookingSettled, wanted: State) -> bool:
        """The calendar's signature has no date, so this is also what keeps a recorded webhook from being played
        again. A notice without a date of its own is news unless it says the same as the last one."""
        if notice.told_at is not None and self.told_at is not None and notice.told_at < self.told_at:
            return True
        same_moment = notice.told_at is None or notice.told_at == self.told_at
        return self.told_how == notice.how and (same_moment or self._agrees_with(wanted))

    def _agrees_with(self, wanted: State) -> bool:
        """Whether the calendar's state is ours; an expiry that frees the slot is a cancellation to the calendar."""
        freed = self.state is State.EXPIRED and self.frees_slot
        return self.state is wanted or (freed and wanted is State.CANCELLED)

    def _waiting_for(self) -> int | None:
        return self.unsettled if self.patient_waits else None

    # -- What facts change ------------------------------------------------------------------------------------

    def set_times(self, fact: facts.Requested | facts.StartMoved) -> None:
        self.starts_at, self.ends_at = fact.starts_at, fact.ends_at
        self.ask_at, self.remind_at, self.expire_at = fact.ask_at, fact.remind_at, fact.expire_at

    def decided(self, version: int | None, at: datetime, *, patient_waits: bool = False) -> None:
        """The decision of this version waits for the calendar; None where the calendar knows already."""
        self.unsettled, self.patient_waits, self.decided_at = version, patient_waits, at
        self.by_link = False
        self.calendar_failed, self.told_how, self.settled_at = False, "", None
        self.acknowledged, self.staff_knows = False, set()

    def told(self, how: str, told_at: datetime | None) -> None:
        """The newest that the calendar has told."""
        self.told_how, self.told_at = how, told_at or self.told_at

    def settled(self, at: datetime, *, failed: bool) -> None:
        """Our call has looked at the calendar after the decision: what it told before that is no news any more."""
        self.settled_at = at
        self.unsettled, self.patient_waits, self.calendar_failed = None, False, failed
        if not failed and self.decided_at is not None:
            self.told_at = max(self.decided_at, self.told_at or self.decided_at)

    def heard_of_text(self, fact: TextSent) -> None:
        if fact.kind == Kind.ACKNOWLEDGE:
            self.acknowledged = True
        elif fact.kind in FIRST_QUESTIONS:
            self.reached = True

    def heard_of_staff(self, fact: HandedToStaff) -> None:
        self.staff_knows.add(fact.reason)

    def heard_of_delivery(self, fact: DeliveryReported) -> None:
        if fact.kind in FIRST_QUESTIONS:
            self.reached = fact.status != Delivery.UNDELIVERED


def settled_state(how: Settlement) -> State:
    """Our state for what the calendar calls settled."""
    return State.CONFIRMED if how is Settlement.CONFIRMED else State.CANCELLED
