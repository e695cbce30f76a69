"""DECIDE: what was to be asked did not arrive, or cannot. The clinic's next way is tried; where none is left, staff is
called. A way that leads nowhere is remembered, so that nobody is asked that way in vain again."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from domain.booking import Booking
from domain.conversation import Conversation
from domain.decisions import Decisions
from domain.facts import Moment
from domain.inbound import Blame
from domain.inbox import Staff
from domain.ledger import Work
from domain.ways import Way, first_way

LASTING = (Blame.NO_WAY, Blame.FILTERED)
Speaker = Booking | Conversation


@dataclass(frozen=True)
class Failed:
    """A question that did not arrive by `way`; `code` is the other side's. `reason` and `detail` are for staff, should
    no other way be left. `errand` is that of a question which was put: a booking that has been asked anew since, or has
    moved, is no longer its business."""

    way: Way | None
    bookings: tuple[str, ...]
    blame: Blame | None
    code: str
    reason: Staff
    detail: str
    errand: str = ""


class Turning(Decisions):
    """Base of what finds out that a question did not arrive."""

    async def turn(self, failed: Failed, speaker: Speaker, work: Work, moment: Moment) -> None:
        """Add to `work` what comes of it; `speaker` is one of the streams that it changes already."""
        stream = speaker.id if isinstance(speaker, Conversation) else speaker.conversation
        conversation = await self.conversation_in(work, stream)
        if conversation and failed.way and failed.blame in LASTING:
            conversation.close_way(failed.way, failed.blame, failed.code, failed.bookings, moment)
        still_open = [one for one in await self.bookings_in(work, failed.bookings) if one.is_open]
        waiting = [one for one in still_open if failed.errand in ("", one.question)]
        left = self._by_next_way(failed, conversation, waiting, moment)
        if left or not still_open:
            streams = tuple(one.id for one in left) or failed.bookings
            speaker.hand_to_staff(failed.reason, moment, failed.detail, streams)

    def _by_next_way(
        self, failed: Failed, conversation: Conversation | None, waiting: Sequence[Booking], moment: Moment
    ) -> list[Booking]:
        """Turn to the next way; returns the bookings for which there is none."""
        if not waiting or (conversation and conversation.opted_out):
            return list(waiting)
        closed = conversation.closed_ways if conversation else {Way.SMS, Way.WHATSAPP}
        ways, speaker = self.clinic(waiting[0].clinic).ways, conversation or waiting[0]
        left, way = list(waiting), first_way(ways, closed, failed.way)
        while left and way is not None:
            for together in one_letter_each(left) if way is Way.EMAIL else [left]:
                speaker.turn_to(way, [one.id for one in together], moment)
            left = [one for one in left if not one.has_email] if way is Way.EMAIL else []
            way = first_way(ways, closed, way)
        return left


def one_letter_each(bookings: Iterable[Booking]) -> list[list[Booking]]:
    """The bookings that have an e-mail address, those of one address together."""
    letters: dict[str, list[Booking]] = {}
    for booking in bookings:
        if booking.email and booking.has_email:
            letters.setdefault(booking.email.readable.lower(), []).append(booking)
    return list(letters.values())
