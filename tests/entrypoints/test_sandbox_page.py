"""The page: what it shows, what it takes, and what it says when something typed cannot be used."""

from datetime import datetime

import pytest

from entrypoints.sandbox.view import readable_moment
from entrypoints.sandbox.world import Status
from tests.entrypoints.test_sandbox_kit import FORM, SARAH, UID, Scene, goes_to, webhook

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_an_empty_page_has_every_hook_that_stands_still() -> None:
    async with Scene() as scene:
        response = await scene.http.get("/sandbox")

    assert response.status_code == 200
    for hook in ["book-form", "book-name", "book-phone", "book-submit", "chat", "reply-text", "reply-send", "call-log"]:
        assert f'data-testid="{hook}"' in response.text
    assert "New York time" in response.text
    assert "'self'" in response.headers["content-security-policy"]


@pytest.mark.parametrize("name", ["sandbox.css", "sandbox.js"])
async def test_serves_its_own_files(name: str) -> None:
    async with Scene() as scene:
        assert (await scene.http.get(f"/sandbox/static/{name}")).status_code == 200
        assert f"/sandbox/static/{name}" in (await scene.http.get("/sandbox")).text


async def test_what_is_typed_is_text_and_never_markup() -> None:
    async with Scene() as scene:
        await scene.http.post("/sandbox/book", data=FORM | {"name": "<script>alert(1)</script>"})
        await scene.http.post("/sandbox/reply", data={"phone": SARAH, "text": "<img src=x>"})
        page = (await scene.http.get("/sandbox")).text

    assert "<script>alert" not in page
    assert "<img" not in page
    assert "&lt;img src=x&gt;" in page


async def test_shows_both_states_the_exchange_and_the_calls() -> None:
    async with Scene() as scene:
        scene.booking()
        scene.states[UID] = "confirmed"
        await scene.send(Body="Reply YES to confirm, NO to cancel.")
        await scene.http.post("/sandbox/reply", data={"phone": SARAH, "text": "YES"})
        await scene.cal("PATCH", f"/v2/bookings/{UID}/confirm")
        page = (await scene.http.get("/sandbox")).text

    assert 'data-testid="booking-state">confirmed<' in page
    assert 'data-testid="calcom-status">accepted<' in page
    assert 'data-testid="message-out">Reply YES to confirm, NO to cancel.<' in page
    assert 'data-testid="message-in">YES<' in page
    assert "<code>→ PATCH /v2/bookings/:uid/confirm</code>" in page
    assert "<b>PATCH</b> /v2/bookings/…/confirm <i>200</i>" in page
    assert UID not in page.split('data-testid="call-log"')[1]


async def test_each_phone_has_its_own_chat() -> None:
    async with Scene() as scene:
        scene.booking()
        await scene.send(Body="for Sarah")
        await scene.send(To="+12025550143", Body="for Tom")
        last = (await scene.http.get("/sandbox")).text
        sarahs = (await scene.http.get("/sandbox", params={"phone": SARAH})).text
        unknown = (await scene.http.get("/sandbox", params={"phone": "+12025550199"})).text

    assert "for Sarah" in sarahs
    assert "for Tom" not in sarahs
    assert 'href="/sandbox?phone=%2B12025550143"' in sarahs
    # The clock of this test stands still, so both were heard from at the same moment: any one of them will do.
    assert ("for Tom" in last) != ("for Sarah" in last)
    assert ("for Tom" in unknown) != ("for Sarah" in unknown)


@pytest.mark.parametrize(
    ("was", "act", "then", "trigger"),
    [
        (Status.PENDING, "confirm", Status.ACCEPTED, "BOOKING_CREATED"),
        (Status.PENDING, "decline", Status.REJECTED, "BOOKING_REJECTED"),
        (Status.ACCEPTED, "cancel", Status.CANCELLED, "BOOKING_CANCELLED"),
    ],
)
async def test_the_host_acts_in_cal_com_itself(was: Status, act: str, then: Status, trigger: str) -> None:
    async with Scene() as scene:
        booking = scene.booking(was)
        response = await scene.http.post("/sandbox/host", data={"uid": UID, "action": act})
        (request,) = scene.product.requests

    assert goes_to(response) == (303, "/sandbox", [SARAH])
    assert booking.status is then
    assert scene.product.triggers == [trigger]
    payload = webhook(request)
    assert payload["status"] == then.value.upper()
    reasons = {"decline": "Declined by Dr. Lee", "cancel": "Cancelled by Dr. Lee"}
    assert payload.get("rejectionReason") == (reasons[act] if act == "decline" else None)
    assert payload.get("cancellationReason") == (reasons[act] if act == "cancel" else None)


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"uid": UID, "action": "confirm"}, "Cal.com refuses: Booking already confirmed."),
        ({"uid": UID, "action": "dance"}, "Cal.com refuses"),
        ({"uid": "nobody", "action": "confirm"}, "was not found"),
        ({}, "was not found"),
    ],
)
async def test_the_host_is_told_why_not(form: dict[str, str], says: str) -> None:
    async with Scene() as scene:
        scene.booking(Status.ACCEPTED)
        response = await scene.http.post("/sandbox/host", data=form)

    assert response.status_code == 422
    assert says in response.text


async def test_switching_the_verbs_tells_the_product() -> None:
    async with Scene() as scene:
        for verbs in ("live", "concept"):
            response = await scene.http.post("/sandbox/verbs", data={"verbs": verbs, "phone": SARAH})
            assert goes_to(response) == (303, "/sandbox", [SARAH])
        assert (await scene.http.post("/sandbox/verbs", data={"verbs": "other"})).status_code == 422

    assert scene.told_verbs == ["live", "concept"]


@pytest.mark.parametrize(
    ("moment", "reads"),
    [
        ("2026-05-12T14:30:00+00:00", "Tue 12 May at 10:30 am"),
        ("2026-05-12T16:05:00+00:00", "Tue 12 May at 12:05 pm"),
        ("2026-12-01T05:00:00+00:00", "Tue 1 Dec at 12:00 am"),
    ],
)
def test_moments_read_as_in_the_texts(moment: str, reads: str) -> None:
    assert readable_moment(datetime.fromisoformat(moment)) == reads
