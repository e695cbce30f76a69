"""What the inside asks of its own memory: the log of facts, the views beside it, and the outbox.

Facts, the rows of the views and the errands that come of them are stored in ONE commit, or not at all.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from domain.booking import Booking
from domain.channels import Condition
from domain.conversation import Conversation
from domain.correspondence import ByHand
from domain.errands import Claimed, Errand, Kind
from domain.inbound import Delivery
from domain.inbox import Item
from domain.lifecycle import State


@dataclass(frozen=True)
class Withdrawal:
    """Errands of one lane that became moot, or the questions of one conversation: they are dropped, unless a worker has
    claimed or attempted them."""

    lane: str = ""
    questions_of: str = ""


@dataclass(frozen=True)
class Attempt:
    """The mark that a claimed errand is about to be carried out; `text` is what exactly will be said. It is made
    only while the claim still holds: a worker that has slept through its lease meets ClaimLost, before the call."""

    claimed: Claimed
    at: datetime
    text: str = ""


@dataclass(frozen=True)
class GivenUp:
    """A claimed errand that is kept where people can see it, and claimed no more. `undone`: it is certain that nothing
    was done, so its mark goes."""

    claimed: Claimed
    why: str
    undone: bool = False


@dataclass(frozen=True)
class Handled:
    """What a person does with an errand. It is done only while the errand stands as it was looked at, in nobody's
    hands: otherwise ClaimLost."""

    claimed: Claimed
    was_dead: bool
    how: ByHand
    at: datetime


@dataclass
class Work:
    """Everything that one decision stores. `finished` is the key of the errand whose outcome this is."""

    changed: list[Booking | Conversation] = field(default_factory=list)
    errands: list[Errand] = field(default_factory=list)
    withdrawals: list[Withdrawal] = field(default_factory=list)
    attempt: Attempt | None = None
    finished: str | None = None
    given_up: GivenUp | None = None
    handled: Handled | None = None


@dataclass(frozen=True)
class Known:
    """One line of the list of bookings: enough to tell whether the calendar has to be asked about it."""

    uid: str
    stream: str
    state: State


@dataclass(frozen=True)
class SentText:
    """One text of ours that the carrier has accepted, and how far it came. `message_id` is "" where a reply proved
    it before the carrier named it."""

    message_id: str
    clinic: str
    stream: str
    errand: str
    kind: Kind
    bookings: tuple[str, ...]
    status: Delivery


class Ledger(Protocol):
    """Facts and views. Everything read here was committed; every write is one commit."""

    def conversation_id(self, clinic: str, phone: str) -> str:
        """The stream of this phone at this clinic."""

    async def booking(self, stream: str) -> Booking | None:
        """The booking as its facts tell, None where there are none."""

    async def conversation(self, stream: str) -> Conversation | None:
        """The conversation from its bounded memory."""

    async def open_bookings(self, conversation: str) -> list[str]:
        """Streams of this phone's bookings that still wait for an answer, the earliest start first."""

    async def was_heard(self, clinic: str, message_id: str) -> bool:
        """Whether this inbound message has been recorded."""

    async def sent_text(self, message_id: str) -> SentText | None:
        """The text of ours that has this carrier's id."""

    async def sent_for(self, errand: str) -> SentText | None:
        """The accepted text of this errand: there is at most one, whoever proved it."""

    async def may_have_left(self, errand: str) -> bool:
        """Whether an attempt at this errand is marked that has no outcome yet."""

    async def overdue(self, now: datetime, limit: int) -> Sequence[str]:
        """Streams of open bookings whose time is up at `now`, the longest overdue first."""

    async def to_remind(self, now: datetime, limit: int) -> Sequence[str]:
        """Streams of bookings that wait for an answer and have a reminder due at `now`, the longest due first."""

    async def ahead(self, clinic: str, now: datetime) -> Sequence[Known]:
        """The clinic's bookings that have not begun, in the order of their streams."""

    async def question_is_due(self, conversation: str) -> bool:
        """Whether a question to this phone is still to be sent, or being sent."""

    async def item(self, stream: str, version: int) -> Item | None:
        """An item of the staff's inbox."""

    async def open_items(self, booking: str) -> Sequence[Item]:
        """The items about this booking that nobody is done with, the oldest first."""

    async def append(self, work: Work) -> None:
        """Store it all in one commit. Raises Conflict where somebody else was first (nothing is stored; load and
        decide again), ClaimLost where `attempt` came too late, StorageAway where the database took nothing."""


class Turns(Protocol):
    """Jobs that are run every so often by one of many processes."""

    async def take(self, job: str, now: datetime, every: timedelta) -> bool:
        """Whether this process shall run the job now; nobody else gets this turn."""

    async def next_at(self, job: str) -> datetime | None:
        """When the job's next turn comes; None where it has never been run."""

    async def done_until(self, job: str) -> datetime | None:
        """Up to when the job's last complete run has looked; None where there was none."""

    async def finish(self, job: str, until: datetime) -> None:
        """A complete run has looked at everything up to `until`."""

    async def installed_at(self, clinic: str) -> datetime | None:
        """When this database was first used for the clinic."""


class Outbox(Protocol):
    """The errands that are still to be carried out."""

    async def waiting(self, now: datetime) -> list[Condition]:
        """The channels for which something is due at `now` and in nobody's hands."""

    async def claim(self, now: datetime, limit: int, through: Condition | None = None) -> list[Claimed]:
        """Take errands that are due at `now` and in nobody's hands, for the length of a lease; `through` names one
        channel. An errand is given to one worker only; errands of one lane one at a time, in order. Whoever answers
        a patient comes before who begins."""

    async def get(self, key: str) -> Claimed | None:
        """One errand, whoever holds it; None when its outcome is recorded."""

    async def mark(self, attempt: Attempt) -> None:
        """Note that the errand is about to be carried out, and renew its lease. Raises ClaimLost."""

    async def put_back(
        self, claimed: Claimed, due_at: datetime, why: str, *, attempted: bool, resent: bool = False
    ) -> None:
        """Give the errand back, to be claimed again from `due_at` on. `attempted` False clears the mark: it is
        certain that nothing was done, or (`resent`) a doubt is answered by sending once more. Nothing happens where
        the claim is lost: the errand is another worker's."""

    async def give_up(self, gone: GivenUp) -> None:
        """Keep the errand where people can see it, but claim it no more."""

    async def take_turn_to_send(self, clinic: str, seconds: float) -> float:
        """Book the clinic's sender for so long, behind everybody who has booked it before; returns the seconds until
        its turn."""

    async def trip(self, claimed: Claimed, now: datetime, why: str) -> bool:
        """The errand's channel refuses our account: shut it for a while, longer each time. Returns whether that is
        news; False where it is shut already, or was refused the last time as well."""

    async def pause(self, claimed: Claimed, until: datetime, why: str) -> None:
        """The errand's channel asked for a pause: shut it until then."""

    async def reopen(self, claimed: Claimed) -> None:
        """The errand's channel works again."""
