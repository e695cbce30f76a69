"""DECIDE: what a member of staff does at the desk. Each act is a fact with the name of who did it, and of two people
who do the same at the same time one is told that it is done."""

from datetime import datetime

from domain.booking import Booking
from domain.conversation import Conversation
from domain.deadlines import from_question
from domain.decisions import Decisions
from domain.errors import NotPossible
from domain.facts import Moment
from domain.inbox import Care
from domain.ledger import Work
from domain.lifecycle import State

By = tuple[str, datetime]  # who did it, and what they have seen of the inbox: nothing newer than that


class Desk(Decisions):
    """What people do with bookings, and with the items of the inbox. `who` stands in the log; bookings and streams are
    stream ids; items that came up after `seen` stay open, because nobody has seen them. Everything here raises
    NotPossible where it changes nothing, and says why."""

    async def confirm(self, booking: str, who: str, now: datetime, seen: datetime | None = None) -> None:
        """Confirm it for the patient; Cal.com follows. What the inbox had about it is done with."""
        await self.decide(now, lambda moment: self._decided(booking, State.CONFIRMED, (who, seen or now), moment))

    async def cancel(self, booking: str, who: str, now: datetime, seen: datetime | None = None) -> None:
        """Cancel it for the patient; Cal.com follows. What the inbox had about it is done with."""
        await self.decide(now, lambda moment: self._decided(booking, State.CANCELLED, (who, seen or now), moment))

    async def ask_again(self, booking: str, who: str, now: datetime, seen: datetime | None = None) -> None:
        """Text the question once more, outside the patient's quiet hours. What the inbox had about it is done with."""
        await self.decide(now, lambda moment: self._asked_again(booking, (who, seen or now), moment))

    async def take_care(self, stream: str, version: int, care: Care, who: str, now: datetime) -> None:
        """Say how far one has come with an item of the inbox."""
        await self.decide(now, lambda moment: self._taken_care(stream, version, care, who, moment))

    async def show_phone(self, stream: str, who: str, now: datetime) -> str:
        """The whole phone number of a booking or of a conversation; that somebody looked is a fact."""
        return await self.decide(now, lambda moment: self._phone_shown(stream, who, moment))

    async def _decided(self, stream: str, wanted: State, by: By, moment: Moment) -> None:
        booking = await self._booking(stream)
        if booking.state is State.EXPIRED and booking.frees_slot:
            raise NotPossible("the slot was given back when the booking expired", "slot_gone")
        if booking.has_started(moment.at):
            raise NotPossible("the appointment has begun", "begun")
        if wanted is State.CONFIRMED:
            booking.staff_confirms(by[0], moment)
        else:
            booking.staff_cancels(by[0], moment)
        await self._append_with_items(booking, by, moment)

    async def _asked_again(self, stream: str, by: By, moment: Moment) -> None:
        booking = await self._booking(stream)
        conversation = await self.ledger.conversation(booking.conversation or "")
        if booking.starts_at is None or not self._can_be_asked(booking, conversation):
            raise NotPossible("there is neither a phone number nor an address at which to ask", "no_phone")
        if booking.frees_slot:
            raise NotPossible("the slot was given back when the booking expired", "slot_gone")
        if conversation is not None:
            await self._check_phone(conversation)
        dates = from_question(moment.at, booking.starts_at, self.clinic(booking.clinic), booking.time_zone)
        if dates.ask_at is None or booking.has_started(moment.at):
            raise NotPossible("the appointment begins before the patient may be texted: please call", "no_time")
        booking.ask_again(by[0], dates, moment)
        if conversation is not None:
            conversation.open_all_ways("staff", moment)  # a person may know better
        await self._append_with_items(booking, by, moment, conversation)

    def _can_be_asked(self, booking: Booking, conversation: Conversation | None) -> bool:
        """Whether there is a phone, or an address that this clinic writes to."""
        if conversation is not None:
            return conversation.phone.text is not None
        return booking.is_written_to(self.clinic(booking.clinic).ways)

    async def _check_phone(self, conversation: Conversation) -> None:
        if conversation.opted_out:
            code = "wrong_number" if conversation.mistaken else "opted_out"
            raise NotPossible("the phone wants no more texts: please call", code)
        if await self.ledger.question_is_due(conversation.id):
            raise NotPossible("a question to this phone is on its way already", "on_its_way")

    async def _taken_care(self, stream: str, version: int, care: Care, who: str, moment: Moment) -> None:
        speaker = await self._stream(stream)  # first: what happens to the item meanwhile happens to the stream
        item = await self.ledger.item(stream, version)
        if item is None:
            raise NotPossible("there is no such item", "gone")
        if item.care is care:
            raise NotPossible(f"the item is marked {care} already", "same")
        speaker.item_handled(item, care, who, moment)
        await self.append(Work(changed=[speaker]))

    async def _phone_shown(self, stream: str, who: str, moment: Moment) -> str:
        speaker = await self._stream(stream)
        if speaker.phone is None or not speaker.phone.text:
            raise NotPossible("there is no phone number", "no_phone")
        about = (speaker.id,) if isinstance(speaker, Booking) else ()
        speaker.phone_shown(who, moment, about)
        await self.append(Work(changed=[speaker]))
        return speaker.phone.text

    async def _append_with_items(
        self, booking: Booking, by: By, moment: Moment, conversation: Conversation | None = None
    ) -> None:
        """What was about this booking needs nobody any more, unless it is about another that is still open, or is newer
        than what was seen. An item may be a fact of the conversation."""
        who, seen = by
        changed: dict[str, Booking | Conversation] = {booking.id: booking}
        if conversation is not None:
            changed[conversation.id] = conversation
        for item in await self.ledger.open_items(booking.id):
            if item.at > seen:
                continue
            others = await self.bookings([stream for stream in item.bookings if stream != booking.id])
            if not any(other.is_open for other in others):
                speaker = changed.get(item.stream) or await self._stream(item.stream)
                changed[item.stream] = speaker
                speaker.item_handled(item, Care.DONE, who, moment)
        await self.append(Work(changed=list(changed.values())))

    async def _booking(self, stream: str) -> Booking:
        booking = await self.ledger.booking(stream)
        if booking is None:
            raise NotPossible("there is no such booking", "gone")
        return booking

    async def _stream(self, stream: str) -> Booking | Conversation:
        found = await self.ledger.conversation(stream) or await self.ledger.booking(stream)
        if found is None:
            raise NotPossible("there is nothing of this name", "gone")
        return found
