"""What is asked of whom. The parts are looked at side by side, and none holds up another."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace

from adapters.android import AndroidSettings
from adapters.android import checking as android
from adapters.calcom import CalCom, CalComSettings, Verbs
from adapters.calcom import checking as calcom
from adapters.storage import checking as storage
from adapters.telnyx import TelnyxSettings
from adapters.telnyx import checking as telnyx
from adapters.twilio import TwilioSettings
from adapters.twilio import checking as twilio
from adapters.vonage import VonageSettings
from adapters.vonage import checking as vonage
from domain.checks import Ask, Finding, Wanted, fault, faults, good, unsure
from entrypoints.carriers import CarrierSettings
from entrypoints.doctor import public_url
from entrypoints.doctor.asking import Asking, clock
from entrypoints.doctor.setup import Setup

SETTINGS, DATABASE, CALCOM, PUBLIC_URL = "settings", "database", "Cal.com", "public URL"
SECONDS = 10.0  # for one part, all of it
FAR_OFF = 60.0  # seconds; a signature with a date is refused after a few minutes
CARRIERS = {
    AndroidSettings: ("Android", ("ANDROID_", "SMS_PROVIDER")),
    TelnyxSettings: ("Telnyx", ("TELNYX_", "SMS_PROVIDER")),
    TwilioSettings: ("Twilio", ("TWILIO_", "SMS_PROVIDER")),
    VonageSettings: ("Vonage", ("VONAGE_", "SMS_PROVIDER")),
}


@dataclass(frozen=True)
class Part:
    """One part by its name, and what is found there, one after the other."""

    name: str
    findings: AsyncIterator[Finding]


def parts(setup: Setup, asking: Asking) -> list[Part]:
    """Those whose own settings can be read, in the order in which they are told."""
    found = []
    if setup.is_readable("DATABASE_URL", "ENCRYPTION_KEY"):
        found.append(Part(DATABASE, storage.check(setup.store.url, setup.store.encryption_key, clock)))
    for clinic in setup.clinics:
        found += _of_clinic(setup, clinic, asking)
    if setup.is_readable("PUBLIC_URL"):
        found.append(Part(PUBLIC_URL, public_url.check(setup, asking)))
    return found


def calcom_part(setup: Setup, clinic: str) -> str:
    """Its name, with the clinic's where there are several."""
    return CALCOM if len(setup.clinics) == 1 else f"{clinic}: {CALCOM}"


def _of_clinic(setup: Setup, clinic: str, asking: Asking) -> list[Part]:
    service, wanted = setup.services[clinic], setup.wanted(clinic)
    prefix = "" if len(setup.clinics) == 1 else f"{clinic}: "
    found = []
    if setup.is_readable("CAL_API_", "CAL_WEBHOOK_SECRET", "PUBLIC_URL"):
        calendar = _calendar(service.calcom, asking, wanted)
        found.append(Part(calcom_part(setup, clinic), calendar))
    name, settings = CARRIERS[type(service.carrier)]
    if setup.is_readable(*settings, "PUBLIC_URL"):
        found.append(Part(prefix + name, _carrier(service.carrier, asking, wanted)))
    return found


def _calendar(settings: CalComSettings, asking: Asking, wanted: Wanted) -> AsyncIterator[Finding]:
    async def probe(version: str) -> Verbs | None:
        return await CalCom(replace(settings, api_version=version, verbs="auto"), asking.client).probe()

    return calcom.check(settings, asking, wanted, probe)


def _carrier(settings: CarrierSettings, ask: Ask, wanted: Wanted) -> AsyncIterator[Finding]:
    match settings:
        case AndroidSettings():
            return android.check(settings, ask, wanted)
        case TelnyxSettings():
            return telnyx.check(settings, ask, wanted)
        case TwilioSettings():
            return twilio.check(settings, ask, wanted)
        case VonageSettings():
            return vonage.check(settings, ask, wanted)


def settings_findings(setup: Setup) -> list[Finding]:
    """The faults of the settings, all at once; then what the settings warn of."""
    found = faults(setup.faults) or [good("no fault")]
    return [replace(one, part=SETTINGS) for one in [*found, *map(unsure, setup.warnings)]]


async def looked_at(part: Part, seconds: float = SECONDS) -> list[Finding]:
    """What is found within the time; a part that breaks off keeps what it has told so far."""
    found: list[Finding] = []
    try:
        async with asyncio.timeout(seconds):
            async for finding in part.findings:
                found.append(finding)  # noqa: PERF401 - one by one: what is found before the time is over stays
    except TimeoutError:
        found.append(unsure(f"could not be checked to the end within {seconds:.0f} seconds", "try again later"))
    except Exception as error:
        found.append(fault(f"the check itself broke off ({type(error).__name__})", "please report this"))
    return [replace(one, part=one.part or part.name) for one in found]


def clock_findings(offsets: dict[str, float]) -> list[Finding]:
    """How this machine's clock stands to those that answered."""
    part = storage.CLOCK
    if not offsets:
        return [unsure("could not be checked: nobody has told the time", part=part)]
    cure = "let this machine, and that one, set their clocks by the network (timedatectl set-ntp true)"
    wrong = [
        fault(f"{host} is {abs(off):.0f} s {'ahead of' if off > 0 else 'behind'} this machine's clock", cure, part)
        for host, off in offsets.items()
        if abs(off) > FAR_OFF
    ]
    return wrong or [good(f"agrees with {', '.join(offsets)}", part)]


def in_order(findings: Sequence[Finding], names: Sequence[str]) -> list[Finding]:
    """Part by part."""
    first = [SETTINGS, DATABASE, storage.MIGRATIONS, storage.CLOCK, *names]
    return sorted(findings, key=lambda one: first.index(one.part))
