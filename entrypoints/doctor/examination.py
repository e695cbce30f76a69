"""All of the doctor, in order."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import httpx

from adapters.calcom import checking as calcom
from adapters.calcom import hooks
from domain.checks import Finding, Verdict, fault
from entrypoints.doctor import parts, public_url
from entrypoints.doctor.asking import SECONDS, Asking
from entrypoints.doctor.setup import Setup, is_bare, read

NOTHING_SET = fault(
    "nothing is set up here: neither the environment nor .env names a Cal.com account or a carrier",
    "the sandbox (`replyes serve --sandbox`, `make run`) needs no settings; for patients, set CAL_API_KEY,"
    " CAL_WEBHOOK_SECRET and SMS_PROVIDER as the README tells, and run this again",
    parts.SETTINGS,
)


@dataclass(frozen=True)
class Examination:
    """What was found, part by part. `repairs`: by clinic, what `--register` would do, as the end of a question."""

    findings: list[Finding]
    repairs: Mapping[str, str]

    def number(self, verdict: Verdict) -> int:
        return sum(finding.verdict is verdict for finding in self.findings)


async def examine(environ: Mapping[str, str], transport: httpx.AsyncBaseTransport | None = None) -> Examination:
    """Look at everything. Nothing is changed, neither here nor outside."""
    if is_bare(environ):
        return Examination([NOTHING_SET], {})
    setup = read(environ)
    async with _asking(setup, transport) as asking:
        found = parts.parts(setup, asking)
        told = [finding for one in await asyncio.gather(*map(parts.looked_at, found)) for finding in one]
        told += [*parts.settings_findings(setup), *parts.clock_findings(asking.offsets)]
        told += await _of_one_user(setup, asking)
        findings = parts.in_order(told, [part.name for part in found])
        repairs = await _repairs(setup, asking, findings)
    return Examination([_safe(finding, asking.hidden) for finding in findings], repairs)


async def put_right(
    environ: Mapping[str, str], clinic: str, transport: httpx.AsyncBaseTransport | None = None
) -> Finding:
    """Register this clinic's webhook in Cal.com, or mend it; nothing where that has been done meanwhile."""
    setup = read(environ)
    async with _asking(setup, transport) as asking:
        finding = await hooks.carry_out(setup.services[clinic].calcom, asking, setup.wanted(clinic))
    return _safe(replace(finding, part=parts.calcom_part(setup, clinic)), asking.hidden)


async def _repairs(setup: Setup, asking: Asking, findings: list[Finding]) -> dict[str, str]:
    """Nothing is registered for an address that Cal.com cannot reach."""
    found = {}
    for clinic, service in setup.services.items():
        name = parts.calcom_part(setup, clinic)
        is_needed = any(one.part == name and one.cure.startswith(hooks.REGISTERS) for one in findings)
        if is_needed and not public_url.is_out_of_reach(setup):
            repair = await hooks.repair_for(service.calcom, asking, setup.wanted(clinic))
            if repair is not None:
                found[clinic] = repair.told
    return found


async def _of_one_user(setup: Setup, asking: Asking) -> list[Finding]:
    """Two keys of one Cal.com user show the same bookings, so that each clinic would ask its patients."""
    found: list[Finding] = []
    clinics: dict[str, str] = {}
    for clinic, service in setup.services.items() if len(setup.services) > 1 else ():
        user = f"{service.calcom.api_url} {await calcom.owner(service.calcom, asking)}"
        if user.endswith(" "):
            continue
        if first := clinics.get(user):
            told = f"the key belongs to the same user as that of {first}: each booking would be asked twice"
            cure = "make a key as the Cal.com user who hosts this clinic's appointments"
            found.append(fault(told, cure, parts.calcom_part(setup, clinic)))
        clinics.setdefault(user, clinic)
    return found


@asynccontextmanager
async def _asking(setup: Setup, transport: httpx.AsyncBaseTransport | None) -> AsyncIterator[Asking]:
    async with httpx.AsyncClient(transport=transport, timeout=SECONDS, follow_redirects=False) as client:
        yield Asking(client, setup.secrets())


def _safe(finding: Finding, hidden: Callable[[str], str]) -> Finding:
    """The last gate: whatever a part tells, no secret leaves here, and nothing that is no printable character."""
    return replace(finding, told=hidden(finding.told), cure=hidden(finding.cure))
