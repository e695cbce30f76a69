"""The webhook that Cal.com needs for us: is it there, is it right, and registering it.

GET /v2/webhooks lists those of the key's owner, with their secrets in clear; those of event types are asked for one by
one; those of teams and organizations are not seen. A second one for the same URL is refused with 409, so that two who
register at once make one (webhooks.controller.ts).
"""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

from adapters.calcom.connection import CalComSettings
from adapters.calcom.payload import FOLLOWED
from adapters.common.checking import Ask, Reply, is_elsewhere, is_one_of, refused, shown, text_in
from domain.checks import Finding, Wanted, fault, good, unsure

MOST_EVENT_TYPES = 10  # of which the webhooks are asked for: each is a call
REGISTERS = "run: replyes doctor --register"
IS_THERE = 409


@dataclass(frozen=True)
class Hook:
    """One webhook. `secret` is None where Cal.com does not show it."""

    id: str
    url: str
    is_active: bool
    triggers: frozenset[str]
    template: str
    secret: str | None

    def problems(self, secrets: Sequence[str]) -> list[str]:
        """What keeps it from being the one that we need."""
        missing = [trigger for trigger in FOLLOWED if trigger not in self.triggers]
        found = {
            "is switched off": not self.is_active,
            f"lacks {', '.join(missing)}": bool(missing),
            "has a payload template of its own, which hides what we need": bool(self.template.strip()),
            "has no secret": self.secret == "",
            "has another secret than CAL_WEBHOOK_SECRET": bool(self.secret) and self.secret not in secrets,
        }
        return [problem for problem, is_there in found.items() if is_there]


@dataclass(frozen=True)
class Repair:
    """What would put the webhook right: `told` ends the question "Shall I …?"."""

    told: str
    method: str
    path: str
    document: Mapping[str, object]


def base(settings: CalComSettings) -> str:
    return settings.api_url.strip().rstrip("/")


def headers(settings: CalComSettings) -> dict[str, str]:
    return {"Authorization": f"Bearer {settings.api_key.strip()}", "cal-api-version": settings.api_version}


async def check(
    settings: CalComSettings, ask: Ask, wanted: Wanted, event_types: Sequence[object]
) -> AsyncIterator[Finding]:
    """`event_types`: the ids of those that require confirmation."""
    reply = await _listed(settings, ask)
    if not reply.is_good:
        yield refused(reply, "Cal.com's list of webhooks", address="CAL_API_URL", credentials="CAL_API_KEY")
        return
    hooks = _hooks_in(reply)
    ours = [hook for hook in hooks if is_one_of(hook.url, wanted.bookings)]
    for hook in ours:
        yield _judged(hook, settings)
    if sum(hook.is_active for hook in ours) > 1:
        yield fault("two webhooks send to us, so each booking is told twice", "delete one of them in Cal.com")
    if not ours:
        yield await _of_event_types(settings, ask, wanted, [one for one in event_types if isinstance(one, int)])
    for hook in hooks:
        if hook.is_active and is_elsewhere(hook.url, wanted.bookings):
            yield unsure(
                f"Cal.com also tells {shown(hook.url)}",
                "delete that webhook in Cal.com if nothing of yours is there any more",
            )


def _judged(hook: Hook, settings: CalComSettings) -> Finding:
    if problems := hook.problems(settings.webhook_secrets):
        return fault(f"the webhook to {shown(hook.url)} {'; it '.join(problems)}", f"{REGISTERS} (it mends it)")
    if hook.secret is None:
        return unsure(
            f"the webhook to {shown(hook.url)} is right as far as it can be seen; its secret is not shown",
            "make sure that it is CAL_WEBHOOK_SECRET",
        )
    return good(f"the webhook to {shown(hook.url)} is registered, with all triggers and our secret")


async def _of_event_types(settings: CalComSettings, ask: Ask, wanted: Wanted, event_types: Sequence[int]) -> Finding:
    """Where the account has no webhook to us, its event types may each have one."""
    without = 0
    for event_type in event_types[:MOST_EVENT_TYPES]:
        reply = await ask(f"{base(settings)}/v2/event-types/{event_type}/webhooks", headers=headers(settings))
        ours = [hook for hook in _hooks_in(reply) if is_one_of(hook.url, wanted.bookings)]
        without += not any(not hook.problems(settings.webhook_secrets) for hook in ours)
    if event_types and not without:
        return good(f"each of the {len(event_types)} event types that require confirmation has a webhook to us")
    return fault(
        f"no webhook of this account sends to {wanted.bookings[0]} (those of teams are not seen)",
        f"{REGISTERS}, unless a team's webhook does it",
    )


async def repair_for(settings: CalComSettings, ask: Ask, wanted: Wanted) -> Repair | None:
    """What to do as things stand now; None where nothing has to be done, or Cal.com does not tell."""
    reply = await _listed(settings, ask)
    if not reply.is_good:
        return None
    ours = [hook for hook in _hooks_in(reply) if is_one_of(hook.url, wanted.bookings)]
    if not ours:
        return _registering(settings, wanted.bookings[0])
    wrong = [hook for hook in ours if hook.problems(settings.webhook_secrets)]
    return _mending(settings, wrong[0]) if wrong and len(wrong) == len(ours) else None


def _registering(settings: CalComSettings, address: str) -> Repair:
    document = {
        "active": True,
        "subscriberUrl": address,
        "triggers": list(FOLLOWED),
        "secret": settings.webhook_secrets[0],
    }
    return Repair(f"register a webhook to {address} in Cal.com", "POST", "/v2/webhooks", document)


def _mending(settings: CalComSettings, hook: Hook) -> Repair:
    """Other triggers that somebody has chosen stay. An empty template is what the API takes for none."""
    document: dict[str, object] = {"active": True, "triggers": sorted(hook.triggers | set(FOLLOWED))}
    if hook.secret is not None and hook.secret not in settings.webhook_secrets:
        document["secret"] = settings.webhook_secrets[0]
    if hook.template:
        document["payloadTemplate"] = ""
    problems = "; it ".join(hook.problems(settings.webhook_secrets))
    return Repair(
        f"mend the webhook to {shown(hook.url)} in Cal.com (it {problems})",
        "PATCH",
        f"/v2/webhooks/{hook.id}",
        document,
    )


async def carry_out(settings: CalComSettings, ask: Ask, wanted: Wanted) -> Finding:
    """Look again, and do what has to be done."""
    repair = await repair_for(settings, ask, wanted)
    if repair is None:
        return good("nothing to register: the webhook is there")
    content = json.dumps(repair.document).encode()
    reply = await ask(base(settings) + repair.path, method=repair.method, headers=headers(settings), content=content)
    if reply.is_good:
        return good(f"done: {repair.told}")
    if reply.status == IS_THERE:
        return good("somebody has registered the webhook meanwhile")
    return refused(reply, "Cal.com", address="CAL_API_URL", credentials="CAL_API_KEY")


async def _listed(settings: CalComSettings, ask: Ask) -> Reply:
    return await ask(f"{base(settings)}/v2/webhooks", headers=headers(settings))


def _hooks_in(reply: Reply) -> list[Hook]:
    return [_hook(found) for found in reply.records("data")]


def _hook(found: Mapping[str, object]) -> Hook:
    triggers = found.get("triggers")
    return Hook(
        id=str(found.get("id")),
        url=str(found.get("subscriberUrl")),
        is_active=found.get("active") is not False,
        triggers=frozenset(filter(text_in, triggers)) if isinstance(triggers, list) else frozenset(),
        template=str(found.get("payloadTemplate") or ""),
        secret=_secret(found),
    )


def _secret(found: Mapping[str, object]) -> str | None:
    """None where it is not told, or told as asterisks."""
    if "secret" not in found:
        return None
    told = text_in(found["secret"])
    return None if told and not told.strip("*•") else told
