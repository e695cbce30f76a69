"""What can happen to a booking. The class names, read from top to bottom, are its possible story.

These facts are stored for ever: see `domain.facts` for what may change. Facts about texts and staff, which
conversations share, are in `domain.correspondence`.
"""

from datetime import datetime
from typing import TYPE_CHECKING

from domain.facts import Fact, Private, StreamCreated
from domain.lifecycle import State
from domain.ways import Way

if TYPE_CHECKING:
    from domain.booking import Booking


class Requested(Fact, StreamCreated):
    """The patient took a slot that needs confirmation. The deadlines are fixed now, from the planned question.
    `phone` and `conversation` are None where no usable number was given; `ask_at` where no moment is left to ask.

    Here and below, `told_at` is when the calendar wrote the notice from which the fact came.
    """

    TOPIC = "booking.requested"
    clinic: str
    uid: str
    starts_at: datetime
    ends_at: datetime
    practitioner: str
    language: str
    time_zone: str
    name: Private
    phone: Private | None
    conversation: str | None
    recurring: bool
    rescheduled_from: str | None
    told_at: datetime | None
    ask_at: datetime | None
    remind_at: list[datetime]
    expire_at: datetime
    email: Private | None = None

    def apply(self, aggregate: "Booking") -> None:
        aggregate.clinic, aggregate.uid, aggregate.state = self.clinic, self.uid, State.REQUESTED
        aggregate.name, aggregate.phone, aggregate.conversation = self.name, self.phone, self.conversation
        aggregate.email = self.email
        aggregate.practitioner, aggregate.recurring = self.practitioner, self.recurring
        aggregate.language, aggregate.time_zone = self.language, self.time_zone
        aggregate.requested_at = self.told_at
        aggregate.set_times(self)


class SeenSettled(Fact, StreamCreated):
    """The calendar settled a booking that we had not met: a tombstone, so that a late request is not asked."""

    TOPIC = "booking.seen_settled"
    clinic: str
    uid: str
    how: str
    state: str
    told_at: datetime | None

    def apply(self, aggregate: "Booking") -> None:
        aggregate.clinic, aggregate.uid, aggregate.state = self.clinic, self.uid, State(self.state)
        aggregate.told(self.how, self.told_at)


class Moved(Fact):
    """A fact that led to another state. It remembers which, so that no later table can change history."""

    state: str

    def apply(self, aggregate: "Booking") -> None:
        aggregate.state = State(self.state)


# -- the patient's side ---------------------------------------------------------------------------------------


class QuestionPut(Fact):
    """The question is about to be sent, `by` this way; from here on it can be answered."""

    TOPIC = "booking.question_put"
    errand: str
    by: str = Way.SMS

    def apply(self, aggregate: "Booking") -> None:
        aggregate.question = self.errand
        aggregate.mailed_at = self.timestamp if self.by == Way.EMAIL else None


class SmsSent(Moved):
    """The carrier, or the mail server, accepted the question, which left `by` this way. `proved_by`: call, report,
    look-up, reply, link, or staff."""

    TOPIC = "booking.sms_sent"
    errand: str
    message_id: str
    proved_by: str
    by: str = Way.SMS

    def apply(self, aggregate: "Booking") -> None:
        super().apply(aggregate)
        aggregate.reached = True


class DecidedByPatient(Moved):
    """The patient's own decision. `together` are the bookings (streams, in the question's order) that were decided in
    the same way at the same time."""

    together: list[str]

    def apply(self, aggregate: "Booking") -> None:
        super().apply(aggregate)
        aggregate.decided(self.originator_version, self.timestamp, patient_waits=True)
        aggregate.together = self.together


class Answered(DecidedByPatient):
    """By text, in the patient's words; `rule` tells how they were understood."""

    message_id: str
    words: Private
    rule: str

    def apply(self, aggregate: "Booking") -> None:
        super().apply(aggregate)
        aggregate.answered_by = self.message_id


class AnsweredByLink(DecidedByPatient):
    """On the page behind the link of the question of this errand. The patient has seen there what came of it."""

    errand: str

    def apply(self, aggregate: "Booking") -> None:
        super().apply(aggregate)
        aggregate.answered_by, aggregate.by_link = self.errand, True


class Confirmed(Answered):
    """The patient said yes."""

    TOPIC = "booking.confirmed"


class Cancelled(Answered):
    """The patient said no."""

    TOPIC = "booking.cancelled"


class ChangedMind(Answered):
    """The patient said no after a yes, before the start."""

    TOPIC = "booking.changed_mind"


class ConfirmedByLink(AnsweredByLink):
    """The patient said yes on the page."""

    TOPIC = "booking.confirmed_by_link"


class CancelledByLink(AnsweredByLink):
    """The patient said no on the page."""

    TOPIC = "booking.cancelled_by_link"


class ChangedMindByLink(AnsweredByLink):
    """The patient said no after a yes, on the page, before the start."""

    TOPIC = "booking.changed_mind_by_link"


class ReplyUnclear(Moved):
    """The patient said something that is neither yes nor no."""

    TOPIC = "booking.reply_unclear"
    message_id: str
    words: Private
    rule: str


class ReminderDue(Fact):
    """It is time to ask again, because nobody has answered. `due_at` is the last of the reminders that it stands for:
    of several that were missed, one is sent."""

    TOPIC = "booking.reminder_due"
    due_at: datetime

    def apply(self, aggregate: "Booking") -> None:
        aggregate.reminded_until = self.due_at


class Expired(Moved):
    """Nobody answered in time. `cancels`: whether the slot is freed in the calendar."""

    TOPIC = "booking.expired"
    cancels: bool

    def apply(self, aggregate: "Booking") -> None:
        super().apply(aggregate)
        aggregate.frees_slot = self.cancels
        aggregate.decided(self.originator_version if self.cancels else None, self.timestamp)


# -- the calendar's side --------------------------------------------------------------------------------------


class SettledByCalendar(Moved):
    """Somebody settled the booking in Cal.com; `how` tells in which way, `reason` what the host wrote."""

    how: str
    told_at: datetime | None
    reason: Private | None

    def apply(self, aggregate: "Booking") -> None:
        super().apply(aggregate)
        aggregate.decided(None, self.timestamp)
        aggregate.told(self.how, self.told_at)


class ConfirmedInCalendar(SettledByCalendar):
    """Somebody confirmed the booking in Cal.com."""

    TOPIC = "booking.confirmed_in_calendar"


class CancelledInCalendar(SettledByCalendar):
    """Somebody cancelled, rejected or rescheduled the booking in Cal.com."""

    TOPIC = "booking.cancelled_in_calendar"


class ToldByCalendar(Fact):
    """Something that the calendar told and that moves nothing."""

    how: str
    told_at: datetime | None

    def apply(self, aggregate: "Booking") -> None:
        aggregate.told(self.how, self.told_at)


class CalendarEchoed(ToldByCalendar):
    """The calendar told what we know already, because we decided it. Noted once; our own call settles it, since
    Cal.com sends BOOKING_CANCELLED before the booking is cancelled."""

    TOPIC = "booking.calendar_echoed"


class CalendarDiffers(ToldByCalendar):
    """The calendar told something else than what was decided, while our own call is still owed: that call looks
    first and settles it."""

    TOPIC = "booking.calendar_differs"


class SeatGivenUp(ToldByCalendar):
    """Somebody gave up a seat of this booking, and the calendar does not say who."""

    TOPIC = "booking.seat_given_up"


class CalendarAgreed(Fact):
    """The calendar shows what was decided. `proved_by`: our call, or a look before it; `status` is what it shows,
    None where only its answer to the call says so. `answers` is the version of the patient's decision that can now be
    acknowledged, None where nobody waits."""

    TOPIC = "booking.calendar_agreed"
    status: str | None
    proved_by: str
    answers: int | None

    def apply(self, aggregate: "Booking") -> None:
        aggregate.settled(self.timestamp, failed=False)


class CalendarRefused(Moved):
    """Our call came too late: the calendar shows the opposite, and that is how it stays. `code` is its HTTP status,
    `detail` what it wrote."""

    TOPIC = "booking.calendar_refused"
    status: str
    code: str
    detail: Private | None
    answers: int | None

    def apply(self, aggregate: "Booking") -> None:
        super().apply(aggregate)
        aggregate.settled(self.timestamp, failed=False)


class CalendarFailed(Fact):
    """Our call came to nothing, and the calendar shows neither outcome: staff has to look. `status` is None where it
    shows nothing at all; `code` is its HTTP status, or "given_up"."""

    TOPIC = "booking.calendar_failed"
    status: str | None
    code: str
    detail: Private | None
    answers: int | None

    def apply(self, aggregate: "Booking") -> None:
        aggregate.settled(self.timestamp, failed=True)


class StartMoved(Moved):
    """The same booking has a new start: it is asked again, with new deadlines."""

    TOPIC = "booking.start_moved"
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    told_at: datetime | None
    ask_at: datetime | None
    remind_at: list[datetime]
    expire_at: datetime

    def apply(self, aggregate: "Booking") -> None:
        super().apply(aggregate)
        aggregate.decided(None, self.timestamp)
        aggregate.reached, aggregate.question, aggregate.frees_slot = False, None, False
        aggregate.requested_at = self.told_at or aggregate.requested_at
        aggregate.time_zone = self.time_zone
        aggregate.set_times(self)


# -- the staff's side -----------------------------------------------------------------------------------------


class DecidedByStaff(Moved):
    """A member of staff decided for the patient."""

    who: str

    def apply(self, aggregate: "Booking") -> None:
        super().apply(aggregate)
        aggregate.decided(self.originator_version, self.timestamp)


class ConfirmedByStaff(DecidedByStaff):
    """A member of staff confirmed the booking."""

    TOPIC = "booking.confirmed_by_staff"


class CancelledByStaff(DecidedByStaff):
    """A member of staff cancelled the booking."""

    TOPIC = "booking.cancelled_by_staff"


class AskedAgain(Moved):
    """A member of staff lets the patient be asked once more, with a new set of deadlines. Until the new question has
    left, an answer to the one before it still counts."""

    TOPIC = "booking.asked_again"
    who: str
    ask_at: datetime
    remind_at: list[datetime]
    expire_at: datetime

    def apply(self, aggregate: "Booking") -> None:
        super().apply(aggregate)
        aggregate.question, aggregate.reminded_until = None, None
        aggregate.ask_at, aggregate.remind_at, aggregate.expire_at = self.ask_at, self.remind_at, self.expire_at


class DeadlinesSet(Fact):
    """A late question: a new set of deadlines."""

    TOPIC = "booking.deadlines_set"
    ask_at: datetime | None
    remind_at: list[datetime]
    expire_at: datetime

    def apply(self, aggregate: "Booking") -> None:
        aggregate.ask_at, aggregate.remind_at, aggregate.expire_at = self.ask_at, self.remind_at, self.expire_at
