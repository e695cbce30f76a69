"""Is the account at Cal.com set up for us? The key, the version, the verbs, the event types; `hooks`: the webhook.

Shapes: GET /v2/me, and GET /v2/event-types as of 2024-06-14 (`confirmationPolicy`, `bookingFields`, `locations`); an
event type's default phone field is told without `hidden` and not required where nobody has switched it on
(event-types.controller.e2e-spec.ts). Team event types are not in that list.
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from urllib.parse import urlsplit

from adapters.calcom import hooks
from adapters.calcom.connection import CalComSettings
from adapters.calcom.routes import Verbs
from adapters.calcom.signature import sign
from adapters.calcom.values import cleaned
from adapters.common.checking import Ask, Reply, object_in, objects_in, refused, text_in
from domain.checks import Finding, Verdict, Wanted, fault, good, unsure

KNOWN_VERSION = CalComSettings.api_version
EVENT_TYPES_VERSION = "2024-06-14"
LONGEST_NAME = 60
PING = {"triggerEvent": "PING", "createdAt": "2026-01-01T00:00:00.000Z", "payload": {}}

Probe = Callable[[str], Awaitable[Verbs | None]]


async def check(settings: CalComSettings, ask: Ask, wanted: Wanted, probe: Probe) -> AsyncIterator[Finding]:
    """`probe` finds out the verbs that Cal.com knows under a version."""
    me = await ask(f"{hooks.base(settings)}/v2/me", headers=hooks.headers(settings))
    if not me.is_good:
        yield refused(me, "Cal.com", address="CAL_API_URL", credentials="CAL_API_KEY")
        return
    owner = me.record("data")
    name = cleaned(owner.get("name") or owner.get("username"), LONGEST_NAME)
    yield good(f"the key works, and belongs to {name}" if name else "the key works")
    yield _spelling(settings, await probe(settings.api_version), await _of_known_version(settings, probe))
    types = await _event_types(settings, ask, text_in(owner.get("username")))
    yield _confirmation(settings, types)
    confirming = [one for one in types.records("data") if _requires_confirmation(one)]
    async for finding in hooks.check(settings, ask, wanted, [one.get("id") for one in confirming]):
        yield finding


async def owner(settings: CalComSettings, ask: Ask) -> str:
    """Whose key it is: the user's id, "" where that is not told."""
    me = await ask(f"{hooks.base(settings)}/v2/me", headers=hooks.headers(settings))
    return str(me.record("data").get("id") or "") if me.is_good else ""


# ---- Version and verbs ----


async def _of_known_version(settings: CalComSettings, probe: Probe) -> Verbs | None:
    """The verbs under the version that we know; None where that is the one that is set."""
    return None if settings.api_version == KNOWN_VERSION else await probe(KNOWN_VERSION)


def _spelling(settings: CalComSettings, found: Verbs | None, known: Verbs | None) -> Finding:
    """An unknown `cal-api-version` silently selects an older API, in which confirm does not exist."""
    if found is None:
        return unsure("could not be checked: which verbs this Cal.com knows", "try again later")
    if found is Verbs.CONCEPT and known is Verbs.LIVE:
        told = f"Cal.com does not know the version {cleaned(settings.api_version, 20)}, so bookings cannot be confirmed"
        return fault(told, f"set CAL_API_VERSION={KNOWN_VERSION}, or remove it")
    if settings.verbs not in ("auto", found.value):
        told = f"CAL_API_VERBS is {settings.verbs}, but this Cal.com knows those of {found.value!r}"
        return fault(told, "set CAL_API_VERBS=auto, or remove it")
    return good(f"version {cleaned(settings.api_version, 20)}, verbs of {found.value!r}")


# ---- Event types ----


async def _event_types(settings: CalComSettings, ask: Ask, username: str) -> Reply:
    headers = {**hooks.headers(settings), "cal-api-version": EVENT_TYPES_VERSION}
    query = {"username": username} if username else None
    return await ask(f"{hooks.base(settings)}/v2/event-types", headers=headers, query=query)


def _confirmation(settings: CalComSettings, types: Reply) -> Finding:
    """A hint only: a clinic may have its event types in a team."""
    if not types.is_good:
        return unsure("could not be checked: whether an event type requires confirmation", "look at it in Cal.com")
    found = types.records("data")
    if not found:
        return unsure("this user has no event types (those of teams are not seen)", "make one, or use the host's key")
    confirming = [one for one in found if _requires_confirmation(one)]
    if not confirming:
        return unsure(
            f"none of the {len(found)} event types seen requires confirmation (those of teams are not seen)",
            "in Cal.com open the event type, Advanced, and switch on Requires confirmation",
        )
    silent = [_title(one) for one in confirming if not _asks_for_a_phone(one, settings.phone_field)]
    if silent:
        return unsure(
            f"it could not be seen that {', '.join(silent[:3])} asks for a phone number",
            "in Cal.com open the event type, Advanced, Booking questions, and require the phone number",
        )
    return good(f"{len(confirming)} of {len(found)} event types require confirmation, and ask for a phone number")


def _requires_confirmation(event_type: Mapping[str, object]) -> bool:
    policy = object_in(event_type.get("confirmationPolicy"))
    return policy.get("type") in ("always", "time") and policy.get("disabled") is not True


def _asks_for_a_phone(event_type: Mapping[str, object], slug: str) -> bool:
    fields = [one for one in objects_in(event_type.get("bookingFields")) if one.get("hidden") is not True]
    by_field = any(
        (one.get("type") == "phone" and one.get("required") is True) or (slug and one.get("slug") == slug)
        for one in fields
    )
    return by_field or any(one.get("type") == "attendeePhone" for one in objects_in(event_type.get("locations")))


def _title(event_type: Mapping[str, object]) -> str:
    return repr(cleaned(event_type.get("title") or event_type.get("slug"), LONGEST_NAME) or "an event type")


# ---- Our own door ----


async def knock(settings: CalComSettings, ask: Ask, address: str) -> Finding:
    """Post to our own address what Cal.com's test button posts, signed as Cal.com signs. It changes nothing there."""
    content = json.dumps(PING, separators=(",", ":")).encode()
    headers = {"X-Cal-Signature-256": sign(settings.webhook_secrets[0], content)}
    reply = await ask(address, method="POST", headers=headers, content=content)
    if reply.is_good and reply.record().get("status") == "ignored":
        return good(f"{urlsplit(address).path} takes what CAL_WEBHOOK_SECRET signs")
    if reply.status == 401 and reply.record().get("status") == "refused":  # noqa: PLR2004
        return fault(
            "it runs with another CAL_WEBHOOK_SECRET than this one", "restart the service, or correct PUBLIC_URL"
        )
    if not reply.status:
        return Finding(Verdict.UNSURE, f"{address} gives no answer: {reply.silence}", "look at the proxy before it")
    return fault(
        f"a webhook posted to {address} does not reach Replyes (HTTP {reply.status})",
        "let the proxy pass POST requests on, with their path, body and headers as they are",
    )
