"""Is the account at Twilio set up for us? The account, the sender, and where it sends what patients text.

Shapes: the resources Account, IncomingPhoneNumber and Application of api.twilio.com (2010-04-01), and Service with its
PhoneNumbers of messaging.twilio.com (v1). An application of a number overrides the number's own URL, and so does a
Messaging Service in whose pool the number is, unless it "defers to the sender's webhook". The words of Advanced Opt-Out
cannot be read through the API.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from adapters.common.checking import Ask, Reply, ending, is_one_of, object_in, refused, shown, text_in
from adapters.common.values import E164, cleaned
from adapters.twilio import templates
from adapters.twilio.settings import TwilioSettings
from domain.checks import Finding, Wanted, fault, good, unsure

RETRIES = "#rc=3&rp=all"
MOST = 20  # services, and numbers of a service, that are looked at: each is a call
OPT_OUT_WORDS = (
    "in Twilio's console open the Messaging Service, Opt-Out Management: with Advanced Opt-Out, neither YES nor NO may"
    " be among its words"
)
Json = Mapping[str, object]


@dataclass(frozen=True)
class Inbound:
    """Where texts to a sender are posted. `where` names what has to be changed."""

    where: str
    url: str
    method: str
    fallback: str


async def check(settings: TwilioSettings, ask: Ask, wanted: Wanted) -> AsyncIterator[Finding]:
    asking = _Asking(settings, ask)
    account = await asking.account("")
    if not account.is_good:
        yield refused(
            account, "Twilio", address="TWILIO_API_URL", credentials="TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN"
        )
        return
    yield _standing(account.record())
    if settings.service:
        check_sender = _check_service(asking, settings.service, wanted)
    elif E164.fullmatch(settings.sender):
        check_sender = _check_number(asking, settings.sender, wanted)
    else:
        check_sender = _check_name()
    async for finding in check_sender:
        yield finding
    if settings.whatsapp:
        async for finding in templates.check(settings.whatsapp, asking.approval):
            yield finding


async def _check_name() -> AsyncIterator[Finding]:
    yield good("texts leave under a name, to which nobody can answer")


class _Asking:
    """GETs with the account's credentials."""

    def __init__(self, settings: TwilioSettings, ask: Ask) -> None:
        self._ask = ask
        self._basic = (settings.account_sid, settings.auth_tokens[0])
        api = settings.api_url.rstrip("/")
        self._account = f"{api}/2010-04-01/Accounts/{settings.account_sid}"
        self._services = f"{host_url(api, 'messaging')}/v1/Services"
        self._content = f"{host_url(api, 'content')}/v1/Content"

    async def account(self, path: str, query: Mapping[str, str] | None = None) -> Reply:
        return await self._ask(f"{self._account}{path}.json", basic=self._basic, query=query)

    async def services(self, path: str, query: Mapping[str, str] | None = None) -> Reply:
        return await self._ask(self._services + path, basic=self._basic, query=query)

    async def approval(self, template: str) -> Reply:
        return await self._ask(f"{self._content}/{template}/ApprovalRequests", basic=self._basic)


def host_url(api_url: str, name: str) -> str:
    """Messaging Services and templates have hosts of their own at Twilio ("https://messaging.twilio.com", also of a
    region); a stand-in has one for all."""
    host = urlsplit(api_url).hostname or ""
    is_twilios = host.startswith("api.") and host.endswith(".twilio.com")
    return api_url.replace("://api.", f"://{name}.", 1) if is_twilios else api_url


def _standing(account: Json) -> Finding:
    status, name = text_in(account.get("status")), cleaned(text_in(account.get("friendly_name")), 60)
    if status not in ("", "active"):
        return fault(f"the account is {cleaned(status, 20)}", "ask Twilio to open it again; nothing is sent until then")
    if account.get("type") == "Trial":
        return unsure("a trial account texts verified numbers only", "upgrade the account before patients use it")
    return good(f"the credentials work, and the account is active ({name})" if name else "the credentials work")


# ---- A number ----


async def _check_number(asking: _Asking, number: str, wanted: Wanted) -> AsyncIterator[Finding]:
    reply = await asking.account("/IncomingPhoneNumbers", {"PhoneNumber": number})
    found = [one for one in reply.records("incoming_phone_numbers") if one.get("phone_number") == number]
    if not reply.is_good:
        yield refused(reply, "Twilio's list of numbers", address="TWILIO_API_URL", credentials="TWILIO_AUTH_TOKEN")
    elif not found:
        yield fault(f"{ending(number)} is no number of this account", "set TWILIO_FROM to one that is")
    elif object_in(found[0].get("capabilities")).get("sms") is False:
        yield fault(f"{ending(number)} cannot send or receive SMS", "set TWILIO_FROM to a number that can")
    else:
        yield await _inbound_of(asking, found[0], wanted)


async def _inbound_of(asking: _Asking, number: Json, wanted: Wanted) -> Finding:
    pools = await _pools(asking, text_in(number.get("sid")))
    ruling = [one for one in pools if one.get("use_inbound_webhook_on_number") is not True]
    if ruling:
        return _judged(_of_service(ruling[0]), wanted)
    return _judged(await _of_number(asking, number), wanted)


async def _pools(asking: _Asking, number: str) -> Sequence[Json]:
    """The services that have the number in their pool, as far as they can be seen."""
    services = (await asking.services("", {"PageSize": str(MOST)})).records("services")[:MOST]
    asked = (asking.services(f"/{service.get('sid')}/PhoneNumbers/{number}") for service in services)
    return [one for one, reply in zip(services, await asyncio.gather(*asked), strict=True) if reply.is_good]


async def _of_number(asking: _Asking, number: Json) -> Inbound:
    where = f"the number {ending(text_in(number.get('phone_number')))}"
    application = text_in(number.get("sms_application_sid"))
    if application:
        where = f"the TwiML app of {where}"
        number = (await asking.account(f"/Applications/{application}")).record()
    return Inbound(where, *(text_in(number.get(name)) for name in ("sms_url", "sms_method", "sms_fallback_url")))


# ---- A Messaging Service ----


async def _check_service(asking: _Asking, sid: str, wanted: Wanted) -> AsyncIterator[Finding]:
    service, pool = await asyncio.gather(asking.services(f"/{sid}"), asking.services(f"/{sid}/PhoneNumbers"))
    if service.status == 404:  # noqa: PLR2004
        yield fault("TWILIO_FROM names no Messaging Service of this account", "copy its id (MG…) from Twilio's console")
        return
    if not service.is_good:
        yield refused(service, "Twilio's Messaging Service", address="TWILIO_API_URL", credentials="TWILIO_AUTH_TOKEN")
        return
    numbers = pool.records("phone_numbers")
    if pool.is_good and not numbers:
        yield unsure(
            "the Messaging Service has no phone number in its pool",
            "add one in Twilio's console, unless it has a short code: nobody can answer to a name",
        )
    if service.record().get("use_inbound_webhook_on_number") is True:
        for number in numbers[:MOST]:
            details = await asking.account(f"/IncomingPhoneNumbers/{number.get('sid')}")
            yield _judged(await _of_number(asking, details.record()), wanted)
    else:
        yield _judged(_of_service(service.record()), wanted)
    yield unsure("could not be checked: whether Advanced Opt-Out takes YES or NO for a word of its own", OPT_OUT_WORDS)


def _of_service(service: Json) -> Inbound:
    name = cleaned(text_in(service.get("friendly_name")), 60)
    values = (text_in(service.get(one)) for one in ("inbound_request_url", "inbound_method", "fallback_url"))
    return Inbound(f"the Messaging Service {name!r}" if name else "the Messaging Service", *values)


# ---- The address ----


def _judged(inbound: Inbound, wanted: Wanted) -> Finding:
    address = f"{wanted.texts[0]}{RETRIES}"
    cure = f"in Twilio's console let {inbound.where} POST a message that comes in to {address}"
    if not is_one_of(inbound.url, wanted.texts):
        return fault(f"{inbound.where} sends what patients text to {shown(inbound.url)}, not to us", cure)
    if inbound.method.upper() not in ("", "POST"):
        return fault(f"{inbound.where} sends what patients text by {cleaned(inbound.method, 10)}, not by POST", cure)
    if "rc=" not in urlsplit(inbound.url).fragment and not inbound.fallback:
        return unsure(f"{inbound.where} sends what patients text to us, but does not try again while we are away", cure)
    return good(f"{inbound.where} sends what patients text to {shown(inbound.url)}")
