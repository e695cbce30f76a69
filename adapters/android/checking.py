"""Is the phone gateway set up for us? The phone, and the webhooks that are registered on it.

Shapes: GET /health ({"status": "pass" | "warn" | "fail", "checks"}; without credentials on the phone itself) and
GET /webhooks (a list of {"id", "url", "event"}), of android-sms-gateway's local server and its cloud. The signing key
cannot be read.
"""

from collections.abc import AsyncIterator, Sequence

from adapters.android.settings import AndroidSettings
from adapters.common.checking import Ask, Reply, is_one_of, refused, shown, text_in
from domain.checks import Finding, Wanted, fault, good, unsure

TEXTS, PICTURES = "sms:received", "mms:downloaded"
REPORTS = ("sms:sent", "sms:delivered", "sms:failed")


async def check(settings: AndroidSettings, ask: Ask, wanted: Wanted) -> AsyncIterator[Finding]:
    url, basic = settings.url.rstrip("/"), (settings.user, settings.password)
    reply = await ask(f"{url}/webhooks", basic=basic)
    if not reply.is_good:
        yield refused(
            reply,
            "the gateway",
            address="ANDROID_GATEWAY_URL (and whether the phone is on, in the network, and the app's server running)",
            credentials="ANDROID_GATEWAY_USER and ANDROID_GATEWAY_PASSWORD",
        )
        return
    yield _health(await ask(f"{url}/health", basic=basic))
    needed = {TEXTS: wanted.texts, **dict.fromkeys(REPORTS, wanted.reports)}
    missing = [found for event, addresses in needed.items() if (found := _missing(reply, event, addresses))]
    for finding in missing:
        yield finding
    if not missing:
        yield good(f"texts and reports are posted to {shown(wanted.texts[0])}")
    if _missing(reply, PICTURES, wanted.texts):
        yield unsure(f"no webhook tells us of pictures ({PICTURES})", _registering(PICTURES, wanted.texts))
    yield unsure(
        "could not be checked: whether the app has our signing key",
        "in the app, Settings, Webhooks: the signing key has to be ANDROID_GATEWAY_SIGNING_KEY",
    )


def _health(reply: Reply) -> Finding:
    """An older server has no such address."""
    status = text_in(reply.record().get("status"))
    if status == "fail":
        return fault("the gateway is not well", "look at the app, and at the phone's connection and battery")
    if status == "warn":
        return unsure("the gateway warns of something", "look at the app, and at the phone's connection and battery")
    return good("the gateway answers, and is well" if status == "pass" else "the gateway answers")


def _missing(reply: Reply, event: str, addresses: Sequence[str]) -> Finding | None:
    urls = [text_in(one.get("url")) for one in reply.records() if one.get("event") == event]
    if any(is_one_of(url, addresses) for url in urls):
        return None
    told = f"{event} goes to {shown(urls[0])}, not to us" if urls else f"no webhook is registered for {event}"
    return fault(told, _registering(event, addresses))


def _registering(event: str, addresses: Sequence[str]) -> str:
    return f'register it: POST /webhooks with {{"event": "{event}", "url": "{addresses[0]}"}}'
