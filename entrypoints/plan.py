"""What the settings say, once they have no fault; and a database that is ready for it."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from adapters.storage import migrations, opening
from domain.clinics import Clinic
from domain.errors import Misconfigured
from entrypoints import logs
from entrypoints.settings import DeskSettings, ServiceSettings, Settings, StoreSettings, not_used_yet

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
    clinic = settings.clinic()
    services, clinics = {clinic.key: settings.service(public_url)}, {clinic.key: clinic}
    found = Plan(settings.store(), services, settings.desk(public_url), clinics)
    log_settings = settings.logs()
    settings.check()
    logs.set_up(log_settings)
    for name in not_used_yet(environ):
        log.warning("%s is set, but this version does not use it yet", name)
    for warning in settings.warnings:
        log.warning("%s", warning)
    return found


def prepare(url: str, kind: str = SERVICE) -> None:
    """Bring a database file up to date; a server's is brought up to date by `replyes migrate` alone, so that no replica
    of an older version meets new tables by surprise. Raises Misconfigured."""
    if opening.is_file(url):
        migrations.migrate(url)
    elif due := migrations.due(url):
        raise Misconfigured([f"the database lacks {len(due)} migrations; run: replyes migrate"])
    migrations.claim(url, kind)
