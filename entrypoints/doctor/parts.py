"""What is asked of whom. The parts are looked at side by side, and none holds up another."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from adapters.android import AndroidSettings
from adapters.android import checking as android
from adapters.calcom import CalCom, CalComSettings, Verbs
from adapters.calcom import checking as calcom
from adapters.common.checking import Ask
from adapters.smtp import Smtp
from adapters.storage import checking as storage
from adapters.telnyx import TelnyxSettings
from adapters.telnyx import checking as telnyx
from adapters.twilio import TwilioSettings
from adapters.twilio import checking as twilio
from adapters.vonage import VonageSettings
from adapters.vonage import checking as vonage
from domain.checks import Finding, Wanted, fault, faults, good, unsure
from entrypoints.carriers import CarrierSettings
from entrypoints.doctor import public_url
from entrypoints.doctor.asking import Asking, clock
from entrypoints.doctor.setup import Setup

SETTINGS, DATABASE, CALCOM, PUBLIC_URL = "settings", "database", "Cal.com", "public URL"
MAIL = "mail server"
URL = ("PUBLIC_URL",)
SECONDS = 10.0  # for one part, all of it
FAR_OFF = 60.0  # seconds; a signature with a date is refused after a few minutes
SAME_TIME = 5.0  # seconds
CLOCK_CURE = "let both machines set their clocks by the network (timedatectl set-ntp true)"
NAMES = {
    AndroidSettings: ("Android", "ANDROID_"),
    TelnyxSettings: ("Telnyx", "TELNYX_"),
    TwilioSettings: ("Twilio", "TWILIO_"),
    VonageSettings: ("Vonage", "VONAGE_"),
}


@dataclass(frozen=True)
class Part:
    """One part by its name, and what is found there, one after the other."""

    name: str
    findings: AsyncIterator[Finding]


def parts(setup: Setup, asking: Asking) -> list[Part]:
    """All of them, in the order in which they are told."""
    found = [_part(setup, DATABASE, ("DATABASE_URL",), _database(setup))]
    for clinic, service in setup.services.items():
        wanted = setup.wanted(clinic)
        calendar = _calendar(service.calcom, asking, wanted)
        needs = ("CAL_API_", "CAL_WEBHOOK_SECRET", *URL)
        found.append(_part(setup, calcom_part(setup, clinic), needs, calendar, clinic))
        name, settings = NAMES[type(service.carrier)]
        if not setup.is_readable("SMS_PROVIDER", clinic=clinic):
            name = "carrier"
        carrier = _carrier(service.carrier, asking, wanted)
        needs = (settings, "SMS_PROVIDER", *URL)
        found.append(_part(setup, _named(setup, clinic, name), needs, carrier, clinic))
        if service.smtp:
            mail = Smtp(service.smtp, clock, time_limit=SECONDS - 2).check()
            found.append(_part(setup, _named(setup, clinic, MAIL), ("SMTP_URL", "EMAIL_FROM"), mail, clinic))
    return [*found, _part(setup, PUBLIC_URL, URL, public_url.check(setup, asking))]


def calcom_part(setup: Setup, clinic: str) -> str:
    """The name of the part."""
    return _named(setup, clinic, CALCOM)


def _named(setup: Setup, clinic: str, name: str) -> str:
    """With the clinic's key where there are several."""
    return name if len(setup.clinics) == 1 else f"{clinic}: {name}"


def _part(setup: Setup, name: str, needs: tuple[str, ...], findings: AsyncIterator[Finding], clinic: str = "") -> Part:
    """`needs`: the settings without which it cannot be looked at."""
    return Part(name, findings if setup.is_readable(*needs, clinic=clinic) else _hindered())


async def _hindered() -> AsyncIterator[Finding]:
    yield unsure("not checked: its settings come first", "correct them, and run this again")


def _database(setup: Setup) -> AsyncIterator[Finding]:
    return storage.check(setup.store.url, setup.store.encryption_key, clock, setup.clinics)


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
    wrong = {host: off for host, off in offsets.items() if abs(off) > FAR_OFF}
    if not wrong:
        return [good(f"agrees with {', '.join(offsets)}", part)]
    if max(wrong.values()) - min(wrong.values()) < SAME_TIME:  # then it is most likely ours
        off, hosts = next(iter(wrong.values())), ", ".join(wrong)
        return [
            fault(f"this machine's is {_span(off)} {'behind' if off > 0 else 'ahead of'} {hosts}", CLOCK_CURE, part)
        ]
    told = {host: f"{host} is {_span(off)} {'ahead' if off > 0 else 'behind'}" for host, off in wrong.items()}
    return [fault(one, CLOCK_CURE, part) for one in told.values()]


def _span(seconds: float) -> str:
    return str(timedelta(seconds=round(abs(seconds))))


def in_order(findings: Sequence[Finding], names: Sequence[str]) -> list[Finding]:
    """Part by part."""
    first = [SETTINGS, DATABASE, storage.MIGRATIONS, storage.CLOCK, *names]
    return sorted(findings, key=lambda one: first.index(one.part))
