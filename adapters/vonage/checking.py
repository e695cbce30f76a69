"""Is the account at Vonage set up for us? The balance, the number, and the application that receives for it.

Shapes: the Account and Numbers APIs (rest.nexmo.com: get-balance, account/numbers with `app_id`), and the Application
API (/v2/applications/{id}: capabilities.messages.webhooks with `inbound_url` and `status_url`). The account's default
SMS setting, its signature method and the words of Opt-Out Assist cannot be read through an API.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from urllib.parse import urlsplit

from adapters.common.checking import Ask, Reply, ending, is_one_of, object_in, refused, shown, text_in
from adapters.vonage.settings import VonageSettings
from adapters.vonage.values import without_plus
from domain.checks import Finding, Wanted, fault, good, unsure

REST = "https://rest.nexmo.com"
LOW = 1.0  # EUR: a few texts
SHORTEST_NUMBER = 7  # digits; a short code has fewer
Json = Mapping[str, object]


async def check(settings: VonageSettings, ask: Ask, wanted: Wanted) -> AsyncIterator[Finding]:
    asking = _Asking(settings, ask)
    balance = await asking.rest("/account/get-balance")
    if not balance.is_good:
        yield refused(balance, "Vonage", address="VONAGE_API_URL", credentials="VONAGE_API_KEY and VONAGE_API_SECRET")
        return
    yield _credit(balance.record())
    digits = without_plus(settings.sender)
    if not digits.isdecimal() or len(digits) < SHORTEST_NUMBER:
        yield unsure(
            f"could not be checked: {settings.sender} is no number that Vonage's API lists",
            "look in Vonage's dashboard where its texts go",
        )
    else:
        async for finding in _check_number(asking, digits, wanted):
            yield finding
    yield unsure(
        "could not be checked: the account's API settings",
        "in Vonage's dashboard, API settings: default SMS setting Messages API, signature method SHA-256; and with"
        " Opt-Out Assist, neither YES nor NO among its words",
    )
    if settings.whatsapp:
        yield unsure(
            "could not be checked: whether WhatsApp has approved VONAGE_WHATSAPP_TEMPLATE",
            "look in Meta's WhatsApp Manager, Message templates",
        )


class _Asking:
    """GETs with the account's credentials."""

    def __init__(self, settings: VonageSettings, ask: Ask) -> None:
        self._ask = ask
        self._basic = (settings.api_key, settings.api_secret)
        self._api = settings.api_url.rstrip("/")
        self._rest = rest_url(self._api)

    async def api(self, path: str) -> Reply:
        return await self._ask(self._api + path, basic=self._basic)

    async def rest(self, path: str, query: Mapping[str, str] | None = None) -> Reply:
        return await self._ask(self._rest + path, basic=self._basic, query=query)


def rest_url(api_url: str) -> str:
    """Account and numbers are on a host of their own at Vonage; a stand-in has one for all."""
    host = urlsplit(api_url).hostname or ""
    return REST if host.endswith((".nexmo.com", ".vonage.com")) else api_url


def _credit(balance: Json) -> Finding:
    value = balance.get("value")
    if not isinstance(value, int | float):
        return unsure("could not be checked: the balance", "look at it in Vonage's dashboard")
    if value <= 0 and balance.get("autoReload") is not True:
        return fault("the credentials work, but the account has no credit", "top it up in Vonage's dashboard")
    if value < LOW and balance.get("autoReload") is not True:
        return unsure(f"the account has {value:.2f} EUR left", "top it up, or switch on auto-reload")
    return good(f"the credentials work, and the account has {value:.2f} EUR")


async def _check_number(asking: _Asking, digits: str, wanted: Wanted) -> AsyncIterator[Finding]:
    reply = await asking.rest("/account/numbers", {"pattern": digits, "search_pattern": "1"})
    if not reply.is_good:
        yield refused(reply, "Vonage's list of numbers", address="VONAGE_API_URL", credentials="VONAGE_API_SECRET")
        return
    found = [one for one in reply.records("numbers") if one.get("msisdn") == digits]
    features = found[0].get("features") if found else None
    if not found:
        yield fault(f"{ending(digits)} is no number of this account", "set VONAGE_FROM to one that is")
    elif isinstance(features, list) and "SMS" not in features:
        yield fault(f"{ending(digits)} cannot send or receive SMS", "set VONAGE_FROM to a number that can")
    elif not (application := text_in(found[0].get("app_id") or found[0].get("messagesCallbackValue"))):
        yield fault(
            f"{ending(digits)} is linked to no application, so nobody hears what patients text",
            "in Vonage's dashboard make an application with the Messages capability, and link the number to it",
        )
    else:
        async for finding in _check_application(asking, application, wanted):
            yield finding


async def _check_application(asking: _Asking, application: str, wanted: Wanted) -> AsyncIterator[Finding]:
    reply = await asking.api(f"/v2/applications/{application}")
    if not reply.is_good:
        yield refused(reply, "Vonage's Application API", address="VONAGE_API_URL", credentials="VONAGE_API_SECRET")
        return
    messages = object_in(reply.record("capabilities").get("messages"))
    webhooks = object_in(messages.get("webhooks"))
    yield _judged("inbound", webhooks, wanted.texts)
    yield _judged("status", webhooks, wanted.reports)
    version = text_in(messages.get("version"))
    if version not in ("", "v1"):
        yield fault(
            f"the application's webhooks are of version {version[:10]}", "in Vonage's dashboard set the version to v1"
        )


def _judged(name: str, webhooks: Json, addresses: Sequence[str]) -> Finding:
    webhook = object_in(webhooks.get(f"{name}_url"))
    url, method = text_in(webhook.get("address")), text_in(webhook.get("http_method"))
    cure = f"in Vonage's dashboard, application, Messages: set the {name} URL to {addresses[0]}, POST"
    if not is_one_of(url, addresses):
        return fault(f"the application's {name} URL leads to {shown(url)}, not to us", cure)
    if method.upper() not in ("", "POST"):
        return fault(f"the application's {name} URL is called by {method[:10]}, not by POST", cure)
    return good(f"the application's {name} URL is {shown(url)}")
