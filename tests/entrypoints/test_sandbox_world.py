"""The sandbox's memory is bounded, its pages hear of every change, and its secrets stay its own."""

import asyncio
from datetime import UTC, datetime

import pytest

from entrypoints.sandbox import stream as stream_module
from entrypoints.sandbox.keys import Keys
from entrypoints.sandbox.stream import changes
from entrypoints.sandbox.world import (
    MAX_BLOCKED,
    MAX_BOOKINGS,
    MAX_CALLS,
    MAX_MESSAGES,
    Arrow,
    Direction,
    Message,
    World,
)
from tests.entrypoints.test_sandbox_kit import BASE, NOW, SARAH, Scene

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_an_open_page_hears_of_every_change_and_ends_with_the_server() -> None:
    async with Scene() as scene:
        stream = changes(scene.world, scene._ask_states, scene.stopping)
        assert await anext(stream) == "data: 0\n\n"

        scene.world.touch()
        assert await anext(stream) == "data: 1\n\n"

        waiting = asyncio.ensure_future(anext(stream))
        scene.world.touch()
        scene.world.touch()
        assert await waiting == "data: 3\n\n"

        ending = asyncio.ensure_future(anext(stream, None))
        scene.stopping.set()
        assert await ending is None


async def test_a_move_of_the_product_that_makes_no_call_is_news_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_module, "GLANCE", 0)
    async with Scene() as scene:
        stream = changes(scene.world, scene._ask_states, scene.stopping)
        await anext(stream)
        scene.states["bk"] = "expired"
        assert await anext(stream) == "data: 0\n\n"


async def test_the_stream_is_one_of_events() -> None:
    async with Scene() as scene:
        scene.stopping.set()
        response = await scene.http.get("/sandbox/events")

    assert response.headers["content-type"].startswith("text/event-stream")


def test_nothing_grows_without_end() -> None:
    world = World(lambda: NOW)
    for number in range(1000):
        world.call_began(Arrow.OUTWARD, "GET", "/")
        world.add_message(Message(f"SM{number}", SARAH, Direction.IN, "YES", NOW, "received"))
        world.block(f"+1{number}")
    assert len(world.calls) == MAX_CALLS
    assert len(world.messages) == MAX_MESSAGES
    assert [world.blocks("+10"), world.blocks("+1999")] == [False, True]
    assert sum(world.blocks(f"+1{number}") for number in range(1000)) == MAX_BLOCKED


async def test_the_oldest_booking_makes_room() -> None:
    async with Scene() as scene:
        for number in range(MAX_BOOKINGS + 1):
            scene.booking(uid=f"bk{number}")
        assert len(scene.world.bookings) == MAX_BOOKINGS
        assert scene.world.booking("bk0") is None


@pytest.mark.parametrize(
    ("path", "short"),
    [
        ("/v2/bookings/bkQ7mJ2pLx4Vn8Rt1YwZ3a/confirm", "/v2/bookings/…/confirm"),
        ("/v2/bookings/replyes-probe/confirm", "/v2/bookings/replyes-probe/confirm"),
        (
            "/2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef/Messages.json",
            "/2010-04-01/Accounts/…/Messages.json",
        ),
        ("/api/webhooks/sms/status/0123456789abcdef0123456789abcdef", "/api/webhooks/sms/status/…"),
    ],
)
def test_paths_are_shortened_for_the_eye(path: str, short: str) -> None:
    world = World(lambda: datetime.now(UTC))
    assert world.call_began(Arrow.OUTWARD, "GET", path).short_path == short


async def test_the_settings_point_at_the_fakes() -> None:
    async with Scene() as scene:
        settings = scene.settings
    assert settings["CAL_API_URL"] == f"{BASE}/sandbox/cal"
    assert settings["TWILIO_API_URL"] == f"{BASE}/sandbox/twilio"
    assert (settings["PUBLIC_URL"], settings["SMS_PROVIDER"], settings["CAL_API_VERBS"]) == (BASE, "twilio", "concept")
    assert settings["TWILIO_FROM"] == "+12025550100"
    assert len(settings["TWILIO_ACCOUNT_SID"]) == 34


async def test_secrets_are_new_at_every_start_and_shown_nowhere() -> None:
    keys, others = Keys(), Keys()
    for name in ("cal_api_key", "cal_webhook_secret", "auth_token"):
        assert getattr(keys, name) != getattr(others, name)
        assert getattr(keys, name) not in repr(keys)
    async with Scene() as scene:
        await scene.send()
        page = (await scene.http.get("/sandbox")).text
    for name in ("CAL_API_KEY", "CAL_WEBHOOK_SECRET", "TWILIO_AUTH_TOKEN"):
        assert scene.settings[name] not in page
