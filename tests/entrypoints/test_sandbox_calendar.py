"""The fake Cal.com's bookings: how it shows, lists and announces them, and in which order it writes and calls."""

import hmac
import json
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from adapters.calcom import CalCom, CalComSettings, api, listing
from domain.inbound import BookingRequested
from domain.ports import RawRequest
from entrypoints.sandbox.world import Status
from tests.entrypoints.test_sandbox_kit import FORM, NOW, UID, Scene, webhook

pytestmark = pytest.mark.anyio

PENDING, ACCEPTED, CANCELLED, REJECTED = Status.PENDING, Status.ACCEPTED, Status.CANCELLED, Status.REJECTED
GET, PATCH, DELETE = "GET", "PATCH", "DELETE"
ONE, CONFIRM = f"/v2/bookings/{UID}", f"/v2/bookings/{UID}/confirm"
REASON = {"cancellationReason": "Patient declined via SMS"}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_a_read_booking_has_the_shape_of_the_api() -> None:
    async with Scene() as scene:
        scene.booking()
        data = (await scene.cal(GET, ONE)).json()["data"]

    assert (data["uid"], data["status"], data["duration"]) == (UID, "pending", 30)
    assert data["start"] == "2026-05-12T14:00:00.000Z"
    assert (
        data["attendees"][0]["phoneNumber"] == data["bookingFieldsResponses"]["attendeePhoneNumber"] == "+12025550102"
    )


@pytest.mark.parametrize(
    ("query", "uids"),
    [
        ("", ["a", "b", "c", "d"]),
        ("?status=unconfirmed", ["a"]),
        ("?status=upcoming", ["b"]),
        ("?status=cancelled", ["c"]),
        ("?status=past", ["d"]),
        ("?status=unconfirmed,cancelled", ["a", "c"]),
        ("?status=unconfirmed&afterCreatedAt=2026-05-09T00:00:00Z", []),
        ("?status=unconfirmed&afterCreatedAt=2026-05-08T00:00:00.000Z", ["a"]),
        ("?take=2", ["a", "b"]),
        ("?take=2&skip=2", ["c", "d"]),
    ],
)
async def test_lists(query: str, uids: list[str]) -> None:
    async with Scene() as scene:
        scene.booking(uid="a")
        scene.booking(ACCEPTED, uid="b")
        scene.booking(REJECTED, uid="c")
        scene.booking(uid="d", ended=True)
        answer = (await scene.cal(GET, f"/v2/bookings{query}")).json()

    assert [booking["uid"] for booking in answer["data"]] == uids
    assert answer["pagination"]["returnedItems"] == len(uids)
    assert answer["pagination"]["hasNextPage"] is (query == "?take=2")


@pytest.mark.parametrize(
    "query", ["?status=pending", "?take=0", "?take=251", "?take=x", "?skip=-1", "?afterCreatedAt=x"]
)
async def test_refuses_a_list_that_it_does_not_know(query: str) -> None:
    async with Scene() as scene:
        response = await scene.cal(GET, f"/v2/bookings{query}")

    assert (response.status_code, response.json()["error"]["code"]) == (400, "BadRequestException")


async def test_the_product_reads_in_the_list_what_a_webhook_would_have_told() -> None:
    async with Scene() as scene:
        await scene.http.post("/sandbox/book", data=FORM)
        scene.booking(ACCEPTED)
        (request,) = scene.product.requests
        calendar = calcom(scene)
        told = calendar.receive(RawRequest("POST", "/", dict(request.headers), request.content))
        listed = await calendar.unconfirmed(NOW)
        later = await calendar.unconfirmed(NOW + timedelta(seconds=1))

    assert isinstance(told, BookingRequested)
    assert listed == [replace(told, told_at=None)]
    assert later == []


async def test_the_product_reads_a_list_of_several_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "PAGE_SIZE", 2)
    monkeypatch.setattr(api, "PAGE_SIZE", 2)
    async with Scene() as scene:
        for number in range(5):
            scene.booking(uid=f"bk{number}")
        found = await calcom(scene).unconfirmed(None)

    assert isinstance(found, list)
    assert [booking.uid for booking in found] == ["bk0", "bk1", "bk2", "bk3", "bk4"]


async def test_reading_the_list_is_no_news_for_the_page() -> None:
    async with Scene() as scene:
        scene.booking()
        version = scene.world.version
        await calcom(scene).unconfirmed(None)
        await scene.cal(GET, "/v2/bookings?status=nonsense")
        assert (list(scene.world.calls), scene.world.version) == ([], version)

        await calcom(scene).look(UID)
        assert [call.path for call in scene.world.calls] == [ONE]


def calcom(scene: Scene) -> CalCom:
    """The product's own adapter, with the sandbox's settings."""
    settings = scene.settings
    secrets = (settings["CAL_WEBHOOK_SECRET"],)
    return CalCom(CalComSettings(settings["CAL_API_URL"], settings["CAL_API_KEY"], webhook_secrets=secrets), scene.http)


async def test_a_booking_is_announced_with_a_signature_over_its_very_bytes() -> None:
    async with Scene() as scene:
        form = {"name": "Zoë", "phone": "+12025550102", "practitioner": "Dr. Lee", "day": "2026-05-12", "time": "10:30"}
        await scene.http.post("/sandbox/book", data=form)
        (request,) = scene.product.requests
        secret = scene.settings["CAL_WEBHOOK_SECRET"]

    assert str(request.url) == "http://127.0.0.1:8000/api/webhooks/cal"
    assert request.headers["X-Cal-Signature-256"] == hmac.new(secret.encode(), request.content, "sha256").hexdigest()
    compact = json.dumps(json.loads(request.content), ensure_ascii=False, separators=(",", ":")).encode()
    assert request.content == compact
    assert json.loads(request.content)["triggerEvent"] == "BOOKING_REQUESTED"
    payload = webhook(request)
    assert (payload["startTime"], payload["status"]) == ("2026-05-12T14:30:00Z", "PENDING")
    assert len(payload["oneTimePassword"]) == 36
    attendee = payload["attendees"][0]
    assert attendee["name"] == "Zoë"
    assert attendee["phoneNumber"] == "+12025550102"
    assert attendee["timeZone"] == "America/New_York"
    assert attendee["language"] == {"locale": "en"}


@pytest.mark.parametrize(
    ("method", "path", "body", "seen", "trigger", "start"),
    [
        (PATCH, CONFIRM, None, ACCEPTED, "BOOKING_CREATED", "2026-05-12T14:00:00.000Z"),
        (DELETE, ONE, REASON, PENDING, "BOOKING_CANCELLED", "2026-05-12T14:00:00+00:00"),
    ],
    ids=["confirm writes and then calls", "cancel calls and then writes"],
)
async def test_what_can_be_read_from_within_the_webhook(
    *, method: str, path: str, body: object, seen: Status, trigger: str, start: str
) -> None:
    async with Scene() as scene:
        booking = scene.booking()
        read: list[Status] = []

        def look(_: httpx.Request) -> httpx.Response:
            read.append(booking.status)
            return httpx.Response(200)

        scene.product.answer = look
        assert (await scene.cal(method, path, body)).status_code == 200
        (request,) = scene.product.requests

    assert read == [seen]
    assert scene.product.triggers == [trigger]
    assert webhook(request)["startTime"] == start


@pytest.mark.parametrize("status", [500, None])
async def test_a_product_that_fails_holds_nothing_up(status: int | None) -> None:
    async with Scene() as scene:
        booking = scene.booking()

        def fail(request: httpx.Request) -> httpx.Response:
            if status is None:
                raise httpx.ConnectError("refused", request=request)
            return httpx.Response(status)

        scene.product.answer = fail
        response = await scene.cal(DELETE, ONE, REASON)

    assert (response.status_code, booking.status) == (200, CANCELLED)
    assert [call.status for call in scene.world.calls] == [200, status or 0]


async def test_the_log_tells_the_calls_in_the_order_in_which_they_began() -> None:
    async with Scene() as scene:
        scene.booking()
        await scene.cal(PATCH, CONFIRM)

    told = [(call.arrow, call.method, call.short_path, call.status, call.note) for call in scene.world.calls]
    assert told == [
        ("→", "PATCH", "/v2/bookings/…/confirm", 200, ""),
        ("←", "POST", "/api/webhooks/cal", 200, "BOOKING_CREATED"),
    ]
