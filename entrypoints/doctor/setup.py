"""What the settings say. A fault in one of them keeps nobody from looking at the rest."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from urllib.parse import urlsplit

from domain.checks import Wanted
from domain.clinics import Clinic
from entrypoints import plan as planning
from entrypoints.settings import MAIN_CLINIC, ServiceSettings, Settings, StoreSettings

NEEDED = ("CAL_API_KEY", "CAL_WEBHOOK_SECRET", "SMS_PROVIDER", "CLINICS_FILE")
LOCAL = "http://127.0.0.1:8000"


@dataclass(frozen=True)
class Setup:
    """`faults` as Misconfigured has them. Clinics, and what they speak with, by their keys; what could not be read
    stands there as its default."""

    faults: Sequence[str]
    warnings: Sequence[str]
    store: StoreSettings
    public_url: str
    services: Mapping[str, ServiceSettings]
    clinics: Mapping[str, Clinic]

    def is_readable(self, *names: str, clinic: str = "") -> bool:
        """Whether none of the faults is about a setting whose name begins so. A clinic's own faults begin with its
        key ("[north] …")."""
        return not any(fault.removeprefix(f"[{clinic}] ").startswith(names) for fault in self.faults)

    def wanted(self, clinic: str) -> Wanted:
        """With one clinic, the short addresses are the ones to recommend. With several, a text finds its clinic by the
        receiving number, but a booking goes to the main one."""
        calendar, carrier = (f"{self.public_url}/api/webhooks/{name}" for name in ("cal", "sms"))
        bookings: tuple[str, ...] = (calendar, f"{calendar}/{clinic}")
        texts = (carrier, f"{carrier}/{clinic}")
        if len(self.clinics) > 1:
            bookings = bookings[::-1] if clinic == MAIN_CLINIC else bookings[1:]
            texts = texts[::-1]
        return Wanted(bookings, texts, (f"{carrier}/status",), self.clinics[clinic].languages)

    def secrets(self) -> set[str]:
        """Every value that must not be shown."""
        found = set(_secrets_of(self.services)) | {self.store.encryption_key, urlsplit(self.store.url).password or ""}
        return {secret for secret in found if len(secret) > 3}  # noqa: PLR2004 - shorter ones would blot out words


def is_bare(environ: Mapping[str, str]) -> bool:
    """Whether nobody has begun to set up a service here."""
    return not any(name in environ or f"{name}_FILE" in environ for name in NEEDED)


def read(environ: Mapping[str, str]) -> Setup:
    """The settings of all clinics, and every fault in them."""
    settings = Settings(environ)
    found = planning.read(settings, LOCAL)
    settings.logs()
    url = found.desk.public_url
    return Setup(settings.faults, settings.warnings, found.store, url, found.services, found.clinics)


def _secrets_of(value: object) -> Iterator[str]:
    """What the settings keep out of their own repr."""
    if isinstance(value, Mapping):
        for one in value.values():
            yield from _secrets_of(one)
    elif is_dataclass(value):
        for field in fields(value):
            found = getattr(value, field.name)
            if field.repr:
                yield from _secrets_of(found)
            elif isinstance(found, str):
                yield found
            else:
                yield from (one for one in found if isinstance(one, str))
