"""What bookings and conversations have in common: texts go out on their behalf, and staff is called when needed."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, cast

from eventsourcing.domain import BaseAggregate

from domain.errands import Kind
from domain.facts import Fact, Moment, Private
from domain.inbound import Delivery
from domain.inbox import Care, Item, Staff
from domain.ways import Way


class TextSent(Fact):
    """The carrier accepted a text. `proved_by`: the call's outcome, a report, a look-up, a reply, or staff.
    `bookings` are the streams of the bookings that it speaks of; `words` are None where another fact has them.
    `segments` is what the carrier bills, 0 where that was not kept."""

    TOPIC = "text.sent"
    kind: str
    errand: str
    message_id: str
    words: Private | None
    proved_by: str
    bookings: list[str]
    segments: int = 0

    def apply(self, aggregate: Any) -> None:
        aggregate.heard_of_text(self)


class TextRefused(Fact):
    """The carrier will not send a text. `code` is the carrier's, `detail` what it wrote."""

    TOPIC = "text.refused"
    kind: str
    errand: str
    code: str
    detail: Private
    bookings: list[str]

    def apply(self, aggregate: Any) -> None:
        aggregate.heard_of_refusal(self)


class Withheld(StrEnum):
    """Why a text that was due was not sent. The values are stored for ever."""

    OPTED_OUT = "opted_out"
    ERASED = "erased"
    NO_WAY = "no_way"
    SETTLED = "settled"
    BEGUN = "begun"
    OVERTAKEN = "overtaken"
    QUIET = "quiet"
    COVERED = "covered"


class TextWithheld(Fact):
    """A text was due, but to send it would have been wrong: `reason` is a `Withheld`."""

    TOPIC = "text.withheld"
    kind: str
    errand: str
    reason: str
    bookings: list[str]


class DeliveryReported(Fact):
    """The carrier tells how far a text came."""

    TOPIC = "text.delivery_reported"
    kind: str
    errand: str
    message_id: str
    status: str
    error_code: str
    bookings: list[str]

    def apply(self, aggregate: Any) -> None:
        aggregate.heard_of_delivery(self)


class TurnedTo(Fact):
    """What was to be asked did not arrive, or cannot: the same is asked by another `way` (a `domain.ways.Way`), from
    `ask_at` on, None for at once."""

    TOPIC = "text.turned_to"
    way: str
    bookings: list[str]
    ask_at: datetime | None


class HandedToStaff(Fact):
    """Something that only a person can settle: `reason` is a `Staff`, `detail` a code that belongs to it."""

    TOPIC = "staff.needed"
    reason: str
    detail: str
    bookings: list[str]

    def apply(self, aggregate: Any) -> None:
        aggregate.heard_of_staff(self)


class ByHand(StrEnum):
    """What a person did with an errand that was stuck. The values are stored for ever."""

    RETRIED = "retried"
    SENT = "sent"
    UNSENT = "unsent"


class ErrandHandled(Fact):
    """A person did something with an errand, or knew what had become of it: `how` is a `ByHand`."""

    TOPIC = "staff.errand_handled"
    kind: str
    errand: str
    how: str
    bookings: list[str]
    who: str = ""


class ItemHandled(Fact):
    """A person took care of an item of the staff's inbox: that of this stream's fact number `item`. `how` is a
    `domain.inbox.Care`."""

    TOPIC = "staff.item_handled"
    item: int
    how: str
    who: str
    bookings: list[str]


class PhoneShown(Fact):
    """A person asked to see the patient's whole phone number."""

    TOPIC = "staff.phone_shown"
    who: str
    bookings: list[str]


class Correspondent(BaseAggregate[str]):
    """A stream on whose behalf texts are sent."""

    def text_accepted(
        self,
        kind: Kind,
        errand: str,
        moment: Moment,
        *,
        message_id: str,
        proved_by: str,
        words: Private | None = None,
        bookings: tuple[str, ...] = (),
        segments: int = 0,
    ) -> None:
        """The carrier has a text of ours."""
        self._note(
            TextSent,
            moment,
            kind=kind,
            errand=errand,
            message_id=message_id,
            words=words,
            proved_by=proved_by,
            bookings=list(bookings),
            segments=segments,
        )

    def text_refused(
        self, kind: Kind, errand: str, moment: Moment, *, code: str, detail: str, bookings: tuple[str, ...] = ()
    ) -> None:
        """The carrier will never take this text."""
        told = {"code": code, "detail": self.private(detail), "bookings": list(bookings)}
        self._note(TextRefused, moment, kind=kind, errand=errand, **told)

    def text_withheld(
        self, kind: Kind, errand: str, moment: Moment, *, reason: Withheld, bookings: tuple[str, ...] = ()
    ) -> None:
        """We chose not to send a text that was due."""
        self._note(TextWithheld, moment, kind=kind, errand=errand, reason=reason, bookings=list(bookings))

    def delivery_reported(
        self,
        kind: Kind,
        errand: str,
        moment: Moment,
        *,
        message_id: str,
        status: Delivery,
        error_code: str,
        bookings: tuple[str, ...] = (),
    ) -> None:
        """How far a text of ours came."""
        self._note(
            DeliveryReported,
            moment,
            kind=kind,
            errand=errand,
            message_id=message_id,
            status=status,
            error_code=error_code,
            bookings=list(bookings),
        )

    def turn_to(self, way: Way, bookings: Sequence[str], moment: Moment, ask_at: datetime | None = None) -> None:
        """Ask by another way."""
        self._note(TurnedTo, moment, way=way, bookings=list(bookings), ask_at=ask_at)

    def hand_to_staff(self, reason: Staff, moment: Moment, detail: str = "", bookings: tuple[str, ...] = ()) -> None:
        """A person has to look at this."""
        self._note(HandedToStaff, moment, reason=reason, detail=detail, bookings=list(bookings))

    def errand_handled(
        self, kind: Kind, errand: str, moment: Moment, *, how: ByHand, who: str, bookings: tuple[str, ...] = ()
    ) -> None:
        """A person took care of an errand."""
        self._note(ErrandHandled, moment, kind=kind, errand=errand, how=how, who=who, bookings=list(bookings))

    def item_handled(self, item: Item, how: Care, who: str, moment: Moment) -> None:
        """A person took care of what staff was called for."""
        self._note(ItemHandled, moment, item=item.version, how=how, who=who, bookings=list(item.bookings))

    def phone_shown(self, who: str, moment: Moment, bookings: tuple[str, ...] = ()) -> None:
        """A person asked to see the phone number."""
        self._note(PhoneShown, moment, who=who, bookings=list(bookings))

    def private(self, text: str) -> Private:
        """Words that only this patient's key opens."""
        raise NotImplementedError

    def new_facts(self) -> list[Fact]:
        """The facts that are not stored yet."""
        return cast(list[Fact], list(self.pending_events))

    def heard_of_text(self, fact: TextSent) -> None:
        """For facts: what an accepted text changes here."""

    def heard_of_refusal(self, fact: TextRefused) -> None:
        """For facts: what a refused text changes here."""

    def heard_of_delivery(self, fact: DeliveryReported) -> None:
        """For facts: what a delivery report changes here."""

    def heard_of_staff(self, fact: HandedToStaff) -> None:
        """For facts: what it changes here that staff was called."""

    def _note(self, fact: type[Fact], moment: Moment, **details: object) -> None:
        self.trigger_event(fact, timestamp=moment.at, command=moment.command, **details)
