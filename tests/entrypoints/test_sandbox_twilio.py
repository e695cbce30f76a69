"""The fake Twilio: what it takes, what it refuses, and how it signs."""

from dataclasses import replace
from datetime import timedelta
from email.utils import parsedate_to_datetime

import httpx
import pytest

from adapters.twilio import Twilio, TwilioSettings
from domain.ports import OutgoingText, RawRequest
from entrypoints.sandbox.twilio import segments
from tests.entrypoints.test_sandbox_kit import BASE, NOW, SARAH, Scene, fields, is_signed_by_twilio

pytestmark = pytest.mark.anyio

CALLBACK = f"{BASE}/api/webhooks/sms/status/0123456789abcdef0123456789abcdef"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"To": ""}, 21604),
        ({"To": "555"}, 21211),
        ({"To": "+15555550102"}, 21211),
        ({"From": ""}, 21603),
        ({"From": "+12025550199"}, 21606),
        ({"Body": ""}, 21602),
        ({"Body": "x" * 1601}, 21617),
        ({"ValidityPeriod": "36001"}, 20422),
        ({"ValidityPeriod": "-1"}, 20422),
        ({"StatusCallback": "/relative"}, 21609),
        ({"StatusCallback": "http://under_score/x"}, 21609),
        ({"StatusCallback": "http://[x/"}, 21609),
    ],
)
async def test_refuses_a_text_that_cannot_be_sent(form: dict[str, str], code: int) -> None:
    async with Scene() as scene:
        response = await scene.send(**form)

    assert response.status_code == 400
    assert response.json()["code"] == code
    assert response.json().keys() == {"code", "message", "more_info", "status"}
    assert not scene.world.messages


async def test_takes_a_text() -> None:
    async with Scene() as scene:
        response = await scene.send(Body="Hi — Sarah!", ValidityPeriod="3600")

    answer = response.json()
    assert response.status_code == 201
    assert answer["sid"].startswith("SM")
    assert len(answer["sid"]) == 34
    assert (answer["status"], answer["direction"], answer["num_segments"]) == ("queued", "outbound-api", "1")
    assert (answer["to"], answer["from"], answer["body"]) == (SARAH, "+12025550100", "Hi — Sarah!")
    assert parsedate_to_datetime(answer["date_created"]) == NOW
    assert not scene.product.requests


async def test_reports_on_a_text_after_it_was_taken() -> None:
    async with Scene() as scene:
        sid = (await scene.send(StatusCallback=CALLBACK)).json()["sid"]

        assert [str(request.url) for request in scene.product.requests] == [CALLBACK, CALLBACK]
        assert all(is_signed_by_twilio(scene, request) for request in scene.product.requests)
        reports = [fields(request) for request in scene.product.requests]
        assert [report["MessageStatus"] for report in reports] == ["sent", "delivered"]
        assert {report["MessageSid"] for report in reports} == {sid}
        assert scene.world.messages[0].status == "delivered"


async def test_a_report_that_nobody_takes_is_only_noted() -> None:
    async with Scene() as scene:

        def away(request: httpx.Request) -> httpx.Response:
            raise httpx.ConnectError("refused", request=request)

        scene.product.answer = away
        response = await scene.send(StatusCallback=CALLBACK)

    assert response.status_code == 201
    assert [(call.status, call.note) for call in scene.world.calls] == [(201, "SMS"), (0, "sent"), (0, "delivered")]


@pytest.mark.parametrize("auth", [None, ("AC0", "wrong"), ("", "")])
async def test_knows_its_own_account_only(auth: tuple[str, str] | None) -> None:
    async with Scene() as scene:
        for method in ("GET", "POST"):
            response = await scene.http.request(method, scene.messages_url, auth=auth)
            assert (response.status_code, response.json()["code"]) == (401, 20003)


async def test_another_account_is_not_found() -> None:
    async with Scene() as scene:
        url = scene.messages_url.replace(scene.settings["TWILIO_ACCOUNT_SID"], "AC" + "0" * 32)
        response = await scene.http.get(url, auth=scene.twilio_auth)

    assert (response.status_code, response.json()["code"]) == (404, 20404)


async def test_a_broken_authorization_is_refused() -> None:
    async with Scene() as scene:
        response = await scene.http.get(scene.messages_url, headers={"Authorization": "Basic %%%"})

    assert response.status_code == 401


async def test_the_account_itself_can_be_asked_for() -> None:
    async with Scene() as scene:
        url = scene.messages_url.replace("/Messages.json", ".json")
        response = await scene.http.get(url, auth=scene.twilio_auth)

    assert response.json() == {"sid": scene.settings["TWILIO_ACCOUNT_SID"], "status": "active"}


@pytest.mark.parametrize(
    ("query", "bodies"),
    [
        ({}, ["YES", "question"]),
        ({"To": SARAH}, ["question"]),
        ({"To": "+12025550100"}, ["YES"]),
        ({"From": SARAH}, ["YES"]),
        ({"DateSent>": "2026-05-08"}, ["YES", "question"]),
        ({"DateSent>": "2026-05-09"}, []),
        ({"DateSent<": "2026-05-08"}, ["YES", "question"]),
        ({"DateSent": "2026-05-07"}, []),
    ],
)
async def test_lists_what_went_both_ways(query: dict[str, str], bodies: list[str]) -> None:
    async with Scene() as scene:
        await scene.send(Body="question")
        await scene.http.post("/sandbox/reply", data={"phone": SARAH, "text": "YES"})
        answer = (await scene.http.get(scene.messages_url, params=query, auth=scene.twilio_auth)).json()

    assert [message["body"] for message in answer["messages"]] == bodies
    assert answer["next_page_uri"] is None
    assert {message["direction"] for message in answer["messages"]} <= {"inbound", "outbound-api"}


async def test_a_list_from_no_day_is_refused() -> None:
    async with Scene() as scene:
        await scene.send()
        response = await scene.http.get(scene.messages_url, params={"DateSent>": "soon"}, auth=scene.twilio_auth)

    assert (response.status_code, response.json()["code"]) == (400, 20001)


async def test_the_product_reads_in_the_list_what_a_webhook_would_have_told() -> None:
    async with Scene() as scene:
        await scene.send(Body="question")
        for text in ("Who is this?", "YES"):
            await scene.sandbox.phone.reply(SARAH, text)
        request = scene.product.requests[-1]
        carrier = twilio(scene)
        (told,) = carrier.receive_texts(
            RawRequest("POST", request.url.path, {k.lower(): v for k, v in request.headers.items()}, request.content)
        )
        listed = await carrier.received(NOW)
        later = await carrier.received(NOW + timedelta(days=1))

    assert isinstance(listed, list)
    assert [text.text for text in listed] == ["Who is this?", "YES"]
    assert listed[-1] == replace(told, sent_at=NOW)
    assert later == []


async def test_reading_what_was_received_is_no_news_for_the_page_and_looking_for_one_text_is() -> None:
    async with Scene() as scene:
        await scene.sandbox.phone.reply(SARAH, "YES")
        calls, version = len(scene.world.calls), scene.world.version
        await twilio(scene).received(NOW)
        assert (len(scene.world.calls), scene.world.version) == (calls, version)

        await twilio(scene).find(OutgoingText("key", SARAH, "question", timedelta(hours=1)), NOW)
        assert [call.method for call in scene.world.calls][calls:] == ["GET"]


async def test_a_stranger_who_asks_for_what_was_received_is_refused() -> None:
    async with Scene() as scene:
        response = await scene.http.get(scene.messages_url, params={"DateSent>": "2026-05-08"}, auth=("AC0", "wrong"))

    assert (response.status_code, response.json()["code"]) == (401, 20003)


def twilio(scene: Scene) -> Twilio:
    """The product's own adapter, with the sandbox's settings."""
    settings = scene.settings
    return Twilio(
        TwilioSettings(
            settings["TWILIO_ACCOUNT_SID"],
            (settings["TWILIO_AUTH_TOKEN"],),
            settings["TWILIO_FROM"],
            settings["PUBLIC_URL"],
            settings["TWILIO_API_URL"],
        ),
        scene.http,
    )


@pytest.mark.parametrize(
    ("text", "count"),
    [("", 1), ("x" * 160, 1), ("x" * 161, 2), ("x" * 306, 2), ("x" * 307, 3), ("—" * 70, 1), ("—" * 71, 2)],
)
def test_segments(text: str, count: int) -> None:
    assert segments(text) == count
