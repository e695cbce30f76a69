"""The phone behind the fake Twilio: its replies are signed, and the carrier's own words act before the product's."""

import httpx
import pytest

from entrypoints.sandbox.world import Direction
from tests.entrypoints.test_sandbox_kit import BASE, SARAH, Scene, fields, is_signed_by_twilio

pytestmark = pytest.mark.anyio

STRANGER = "+12025550177"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.parametrize("text", ["YES", "sí — a las 10:30 ✓", "a&b=c+d%20", "  "])
async def test_a_reply_is_signed_as_twilio_signs(text: str) -> None:
    async with Scene() as scene:
        await scene.sandbox.phone.reply(SARAH, text)
        (request,) = scene.product.requests

        assert str(request.url) == f"{BASE}/api/webhooks/sms"
        assert is_signed_by_twilio(scene, request)
        form = fields(request)
        assert (form["From"], form["To"], form["Body"]) == (SARAH, "+12025550100", text)
        assert (form["NumMedia"], form["SmsStatus"], form["FromCity"]) == ("0", "received", "")
        assert form["AccountSid"] == scene.settings["TWILIO_ACCOUNT_SID"]
        assert form["MessageSid"] == scene.world.messages[0].sid


@pytest.mark.parametrize(
    ("answer", "status", "texted"),
    [
        (httpx.Response(200, text="<Response/>", headers={"Content-Type": "text/xml"}), "received", []),
        (httpx.Response(204), "received", []),
        (httpx.Response(403), "refused 403", []),
        (httpx.Response(200, text="OK"), "received", ["OK"]),
    ],
)
async def test_the_products_answer_is_taken_as_twilio_takes_it(
    answer: httpx.Response, status: str, texted: list[str]
) -> None:
    async with Scene() as scene:
        scene.product.answer = lambda _: answer
        message = await scene.sandbox.phone.reply(SARAH, "YES")
        out = [message.text for message in scene.world.messages if message.direction is Direction.OUT]

    assert (message.status, out) == (status, texted)


@pytest.mark.parametrize(
    "word", ["STOP", "stop", "Quit", "END", "cancel", "UNSUBSCRIBE", "StopAll", "revoke", "OPTOUT"]
)
async def test_a_bare_word_blocks_the_phone_and_still_reaches_the_product(word: str) -> None:
    async with Scene() as scene:
        await scene.sandbox.phone.reply(SARAH, f" {word} ")
        assert (await scene.send()).json()["code"] == 21610
        assert (await scene.send(To=STRANGER)).status_code == 201
        assert fields(scene.product.requests[0])["Body"] == f" {word} "


@pytest.mark.parametrize("word", ["START", "yes", "Unstop"])
async def test_a_bare_word_lifts_the_block(word: str) -> None:
    async with Scene() as scene:
        await scene.sandbox.phone.reply(SARAH, "STOP")
        await scene.sandbox.phone.reply(SARAH, word)
        assert (await scene.send()).status_code == 201


@pytest.mark.parametrize("text", ["Stop please", "please cancel", "NO", "banana", "STOP."])
async def test_a_sentence_blocks_nothing(text: str) -> None:
    async with Scene() as scene:
        await scene.sandbox.phone.reply(SARAH, text)
        assert (await scene.send()).status_code == 201
