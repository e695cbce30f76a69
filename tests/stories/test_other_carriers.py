"""A clinic whose carrier is another than Twilio: a whole booking, from the question to the acknowledgement."""

import pytest

from domain.inbound import Delivery
from tests.examples import SARAH
from tests.stories.wires import AndroidWire, TelnyxWire, VonageWire, Wire
from tests.stories.world import World, told

every_carrier = pytest.mark.parametrize("wire", [VonageWire, TelnyxWire, AndroidWire])


@every_carrier
def test_a_patient_is_asked_says_yes_and_is_told_after_the_calendar_agreed(database: str, wire: type[Wire]) -> None:
    async def story(world: World) -> None:
        carrier = wire(world)
        await world.books()
        await world.works()
        (question,) = carrier.sent
        assert question[1] == SARAH
        assert "Reply YES to confirm, NO to cancel." in question[2]
        await carrier.reports(Delivery.DELIVERED)
        await carrier.patient_says("Yes!")
        await world.works()
        assert await world.state() == "confirmed"
        assert world.calendar.acts == ["PATCH /v2/bookings/bkSarah1/confirm"]
        assert carrier.said[1:] == ["Confirmed. See you Tuesday!"]

    told(database, story)


@every_carrier
def test_a_patient_says_no(database: str, wire: type[Wire]) -> None:
    async def story(world: World) -> None:
        carrier = wire(world)
        await world.books()
        await world.works()
        await carrier.patient_says("No")
        await world.works()
        assert await world.state() == "cancelled"
        assert world.calendar.acts == ["DELETE /v2/bookings/bkSarah1"]
        assert carrier.said[1:] == ["No problem — your appointment has been cancelled."]

    told(database, story)


@every_carrier
def test_a_report_ends_a_doubt(database: str, wire: type[Wire]) -> None:
    async def story(world: World) -> None:
        carrier = wire(world)
        await carrier.is_in_doubt()
        assert await world.state() == "requested"
        await carrier.reports(Delivery.SENT)
        assert await world.state() == "sms_sent"
        assert (await world.errands(), len(carrier.sent)) == ([], 1)

    told(database, story)


@every_carrier
def test_a_text_in_doubt_is_looked_up_and_never_sent_again(database: str, wire: type[Wire]) -> None:
    async def story(world: World) -> None:
        carrier = wire(world)
        await carrier.is_in_doubt()
        world.clock.passes(minutes=5)
        await world.works()
        assert len(carrier.sent) == 1
        if carrier.carrier.lists_texts:
            assert (await world.state(), await world.errands()) == ("sms_sent", [])
        else:
            assert (await world.state(), carrier.looks) == ("requested", 0)

    told(database, story)


@every_carrier
def test_an_answer_proves_that_a_text_in_doubt_arrived(database: str, wire: type[Wire]) -> None:
    async def story(world: World) -> None:
        carrier = wire(world)
        await carrier.is_in_doubt()
        await carrier.patient_says("YES")
        await world.works()
        assert await world.state() == "confirmed"
        assert carrier.said[1:] == ["Confirmed. See you Tuesday!"]

    told(database, story)


@every_carrier
def test_a_phone_that_wants_no_texts_gets_none(database: str, wire: type[Wire]) -> None:
    async def story(world: World) -> None:
        carrier = wire(world)
        await world.books()
        await world.works()
        await carrier.wants_no_texts()
        assert (await world.conversation()).opted_out
        sent = len(carrier.sent)
        await world.books(uid="bkSarah2")
        await world.works()
        assert len(carrier.sent) == sent
        assert await world.staff() != []

    told(database, story)


@every_carrier
def test_a_text_that_did_not_arrive_is_told_to_staff(database: str, wire: type[Wire]) -> None:
    async def story(world: World) -> None:
        carrier = wire(world)
        await world.books()
        await world.works()
        await carrier.blames(None)
        assert not (await world.conversation()).opted_out
        assert await world.staff() != []

    told(database, story)
