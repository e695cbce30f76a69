"""What the settings say, once they have no fault; and a database that is ready for it."""

import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from adapters.storage import migrations, opening
from domain.clinics import Clinic
from domain.errors import Misconfigured
from entrypoints import apart, logs
from entrypoints.clinics_file import NAME, ClinicsFile
from entrypoints.settings import MAIN_CLINIC, DeskSettings, ServiceSettings, Settings, StoreSettings
from entrypoints.store import Store

log = logging.getLogger("replyes.plan")

SERVICE, SANDBOX = "service", "sandbox"


@dataclass(frozen=True)
class Plan:
    """Everything that a process of the service needs to know. Clinics, and what they speak with, by their keys."""

    store: StoreSettings
    services: Mapping[str, ServiceSettings]
    desk: DeskSettings
    clinics: Mapping[str, Clinic]


def plan(environ: Mapping[str, str], public_url: str = "http://127.0.0.1:8000") -> Plan:
    """Read the settings, and log as they say from now on; `public_url` is the default for PUBLIC_URL. Raises
    Misconfigured with every fault."""
    settings = Settings(environ)
    found, log_settings = read(settings, public_url), settings.logs()
    settings.check()
    logs.set_up(log_settings)
    for warning in settings.warnings:
        log.warning("%s", warning)
    return found


def read(settings: Settings, public_url: str) -> Plan:
    """What they say. The faults are noted in them, and until somebody has checked that there are none, the plan is not
    one to go by."""
    file = ClinicsFile(settings)
    clinics = file.clinics()
    services = {key: one.service(public_url) for key, one in file.each.items()}
    found = Plan(settings.store(), services, file.desk(public_url), clinics)
    file.gather()
    settings.faults += [*apart.faults(services), *apart.passwords(found.desk.password, found.desk.of_clinics)]
    return found


def prepare(url: str, kind: str = SERVICE, clinics: Iterable[str] = ()) -> None:
    """Bring a database file up to date; a server's is brought up to date by `replyes migrate` alone, so that no replica
    of an older version meets new tables by surprise. What was booked at one of these clinics before it is named here
    for the first time is left alone; the main one was there from the beginning. Raises Misconfigured."""
    if opening.is_file(url):
        migrations.migrate(url)
    elif due := migrations.due(url):
        raise Misconfigured([f"the database lacks {len(due)} migrations; run: replyes migrate"])
    migrations.claim(url, kind, [key for key in clinics if key != MAIN_CLINIC])


async def tell_who_is_missing(store: Store, clinics: Collection[str]) -> None:
    """To the log, where the database knows clinics that the settings do not."""
    for key in await store.views.clinics():
        if key not in clinics:
            log.warning(
                "the database has bookings of clinic %s, which the settings do not know: nothing is asked, expired or "
                "fetched for it; put its table [%s] back into %s",
                *(key, key, NAME),
            )
