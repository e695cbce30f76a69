"""Is the account at Telnyx set up for us? The balance, the key for signatures, the number, its messaging profile.

Shapes: GET /v2/balance, /v2/public_key, /v2/phone_numbers/messaging, /v2/messaging_profiles/{id} with its
/autoresp_configs, as in Telnyx's API reference and its library.
"""

from collections.abc import AsyncIterator, Mapping
from decimal import Decimal, InvalidOperation

from adapters.common.checking import Ask, Reply, ending, is_one_of, refused, shown, text_in
from adapters.telnyx.settings import TelnyxSettings
from domain.checks import Finding, Wanted, fault, good, unsure
from domain.replies import interpret

# What Telnyx takes for opt-out and opt-in by itself; none of it is an answer that we ask for.
USUAL = {"STOP", "STOPALL", "STOP ALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "START", "UNSTOP", "HELP", "INFO"}
Json = Mapping[str, object]


async def check(settings: TelnyxSettings, ask: Ask, wanted: Wanted) -> AsyncIterator[Finding]:
    asking = _Asking(settings, ask)
    balance = await asking.get("/balance")
    if not balance.is_good:
        yield refused(balance, "Telnyx", address="TELNYX_API_URL", credentials="TELNYX_API_KEY")
        return
    yield _credit(balance.record("data"))
    yield _signing(settings, await asking.get("/public_key"))
    profile = settings.profile or ""
    if not profile:
        reply = await asking.get("/phone_numbers/messaging", {"filter[phone_number]": settings.sender})
        numbers = [one for one in reply.records("data") if one.get("phone_number") == settings.sender]
        profile = text_in(numbers[0].get("messaging_profile_id")) if numbers else ""
        if finding := _without_profile(settings, reply, numbers, profile):
            yield finding
            return
    async for finding in _check_profile(asking, profile, wanted):
        yield finding


class _Asking:
    """GETs with the account's key."""

    def __init__(self, settings: TelnyxSettings, ask: Ask) -> None:
        self._ask = ask
        self._api = settings.api_url.rstrip("/") + "/v2"
        self._headers = {"Authorization": f"Bearer {settings.api_key}"}

    async def get(self, path: str, query: Mapping[str, str] | None = None) -> Reply:
        return await self._ask(self._api + path, headers=self._headers, query=query)


def _credit(balance: Json) -> Finding:
    try:
        left = Decimal(text_in(balance.get("available_credit")))
    except InvalidOperation:
        return unsure("could not be checked: the balance", "look at it in Telnyx's portal")
    if left <= 0:
        return fault("the key works, but the account has no credit", "top it up in Telnyx's portal")
    return good(f"the key works, and the account has {left:.2f} {text_in(balance.get('currency'))[:3]}".rstrip())


def _signing(settings: TelnyxSettings, reply: Reply) -> Finding:
    public = text_in(reply.record("data").get("public"))
    if not public:
        return unsure("could not be checked: whether TELNYX_PUBLIC_KEY is the account's", "compare it in the portal")
    if public not in settings.public_keys:
        return fault("TELNYX_PUBLIC_KEY is not the account's", f"set it to {public[:44]}")
    return good("TELNYX_PUBLIC_KEY is the account's")


def _without_profile(settings: TelnyxSettings, reply: Reply, numbers: list[Json], profile: str) -> Finding | None:
    number = ending(settings.sender)
    if not reply.is_good:
        return refused(reply, "Telnyx's list of numbers", address="TELNYX_API_URL", credentials="TELNYX_API_KEY")
    if not numbers:
        return fault(f"{number} is no number of this account that can text", "set TELNYX_FROM to one that is")
    if not profile:
        return fault(
            f"{number} has no messaging profile, so it neither sends nor receives",
            "give it one in Telnyx's portal, My Numbers",
        )
    return None


async def _check_profile(asking: _Asking, profile: str, wanted: Wanted) -> AsyncIterator[Finding]:
    path = f"/messaging_profiles/{profile}"
    reply = await asking.get(path)
    if not reply.is_good:
        yield refused(reply, "Telnyx's messaging profile", address="TELNYX_FROM", credentials="TELNYX_API_KEY")
        return
    found = reply.record("data")
    if found.get("enabled") is False:
        yield fault("the messaging profile is switched off", "switch it on in Telnyx's portal, Messaging")
    url, version = text_in(found.get("webhook_url")), str(found.get("webhook_api_version") or "2")
    cure = f"in Telnyx's portal, Messaging, set the profile's webhook URL to {wanted.texts[0]}, API version 2"
    if not is_one_of(url, wanted.texts):
        yield fault(f"the messaging profile sends what patients text to {shown(url)}, not to us", cure)
    elif version != "2":
        yield fault(f"the messaging profile's webhook is of API version {version[:10]}", cure)
    else:
        yield good(f"the messaging profile sends what patients text to {shown(url)}")
    yield _words(await asking.get(f"{path}/autoresp_configs"), wanted)


def _words(reply: Reply, wanted: Wanted) -> Finding:
    """Words at which Telnyx itself answers. One that we take for an answer would block the patient who gives it."""
    if not reply.is_good:
        return unsure("could not be checked: the words for opt-in and opt-out", "look at them in Telnyx's portal")
    taken: dict[str, list[str]] = {"stop": [], "start": [], "info": []}
    for config in reply.records("data"):
        keywords = config.get("keywords")
        told = [word for word in keywords if isinstance(word, str)] if isinstance(keywords, list) else []
        taken.setdefault(text_in(config.get("op")), []).extend(word for word in told if _is_an_answer(word, wanted))
    cure = "remove them from the messaging profile's Advanced Opt-In/Out"
    if taken["stop"]:
        return fault(f"{_listed(taken['stop'])} opts a patient out at Telnyx", cure)
    if others := [word for words in taken.values() for word in words]:
        return unsure(f"Telnyx itself answers to {_listed(others)} as well", cure)
    return good("neither YES nor NO is a word for opt-in or opt-out")


def _is_an_answer(word: str, wanted: Wanted) -> bool:
    return word.strip().upper() not in USUAL and interpret(word, wanted.languages).label in ("YES", "NO")


def _listed(words: list[str]) -> str:
    return ", ".join(dict.fromkeys(word.strip()[:20].upper() for word in words))
