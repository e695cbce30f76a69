"""The environment (or `.env`) as settings. All faults are told at once, each with its cure."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import time

from dotenv import dotenv_values

from adapters.calcom import CalComSettings
from adapters.smtp import SmtpSettings
from domain.clinics import Clinic, OnDoubt, OnExpiry
from domain.errors import Misconfigured
from domain.languages import codes, short
from domain.quiet import QuietHours
from entrypoints import wording_file
from entrypoints.carriers import CarrierSettings, read_carrier
from entrypoints.reading import Reader, url_parts
from entrypoints.ways import check_ways, read_link_use, read_no_replies_from, read_smtp, read_ways

MAIN_CLINIC = "main"  # the key of a clinic that has no CLINICS_FILE; it stands in stored ids, so it never changes
HOURS = re.compile(r"((?:[01]\d|2[0-3]):[0-5]\d)-((?:[01]\d|2[0-3]):[0-5]\d)", re.ASCII)
SHORTEST_ENCRYPTION_KEY = 16

SHORTEST_DESK_PASSWORD = 8
ARGON2_HASH = re.compile(r"\$argon2id\$v=\d+\$m=\d+,t=\d+,p=\d+\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+", re.ASCII)

SANDBOX_DEFAULTS = {"ASK_SETTLE": "1s", "SMS_PER_SECOND": "0", "QUIET_HOURS": "none"}


@dataclass(frozen=True)
class StoreSettings:
    """What every command needs that opens the database: `url` is `sqlite:///<file>` or `postgresql://…`."""

    url: str = field(repr=False)  # it may hold a password
    encryption_key: str = field(repr=False)


@dataclass(frozen=True)
class LogSettings:
    """`format`: auto, json or console; `level`: a name of the standard library's levels, in lower case."""

    format: str
    level: str


@dataclass(frozen=True)
class ServiceSettings:
    """What the service needs to speak with the outside."""

    calcom: CalComSettings
    carrier: CarrierSettings
    smtp: SmtpSettings | None = None


@dataclass(frozen=True)
class DeskSettings:
    """The staff's pages. `password` is a plain one, or an argon2 hash of it, and opens every clinic; each of
    `of_clinics` (by the clinic's key) opens that clinic alone. Without any the desk is closed."""

    password: str = field(repr=False)
    public_url: str
    of_clinics: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def is_open(self) -> bool:
        return bool(self.password or any(self.of_clinics.values()))


def environment() -> dict[str, str]:
    """`.env` of this folder, and the environment over it; blank values count as not set. Raises Misconfigured where
    `.env` cannot be read."""
    try:
        merged = {**dotenv_values(".env"), **os.environ}
    except (OSError, ValueError) as error:
        raise Misconfigured([f".env cannot be read ({type(error).__name__}); write it in UTF-8"]) from error
    return {name: value for name, value in merged.items() if value is not None and value.strip()}


class Settings(Reader):
    """What the environment says, by what it is for. Of several clinics each has settings of its own: see
    `clinics_file`."""

    def __init__(self, environ: Mapping[str, str], key: str = MAIN_CLINIC) -> None:
        super().__init__(environ)
        self.key = key

    def store(self) -> StoreSettings:
        url = self.text("DATABASE_URL", "sqlite:///replyes.db")
        key = self.text("ENCRYPTION_KEY")
        if key and len(key) < SHORTEST_ENCRYPTION_KEY:
            self.fault("ENCRYPTION_KEY", "has fewer than 16 characters; make one with: openssl rand -base64 32")
        scheme, _, rest = url.partition("://")
        if scheme == "sqlite" and rest.startswith("/") and len(rest) > 1:
            return StoreSettings(url, key)
        if scheme not in ("postgresql", "postgres") or url_parts(url) is None:
            self.fault("DATABASE_URL", "must be sqlite:///<file> or postgresql://<user>:<password>@<host>/<database>")
        return StoreSettings(url, key)

    def logs(self) -> LogSettings:
        return LogSettings(
            self.choice("LOG_FORMAT", "auto", ("auto", "json", "console")),
            self.choice("LOG_LEVEL", "info", ("debug", "info", "warning", "error")),
        )

    def clinic(self) -> Clinic:
        languages = [code.lower() for code in self.several("CLINIC_LANGUAGES", "en")]
        for code in languages:
            if short(code) not in codes():
                known = ", ".join(codes())
                self.fault("CLINIC_LANGUAGES", f"has {code!r}, which is no language here; write some of {known}")
        clinic = Clinic(
            key=self.key,
            name=self.text("CLINIC_NAME", "Cal.com Clinic"),
            phone=self.phone("CLINIC_PHONE"),
            languages=tuple(languages) or ("en",),
            time_zone=self.zone("CLINIC_TIME_ZONE", "UTC"),
            booking_link=self.url("BOOKING_LINK", ""),
            ask_settle=self.duration("ASK_SETTLE", "10s"),
            quiet_hours=self._quiet_hours(),
            remind_after=self.duration("REMIND_AFTER", "24h"),
            ask_again_before=self.durations("ASK_AGAIN_BEFORE", "3d,1d"),
            expire_after=self.duration("EXPIRE_AFTER", "48h"),
            expire_before_start=self.duration("EXPIRE_BEFORE_START", "2h"),
            on_expiry=OnExpiry(self.choice("ON_EXPIRY", "leave", tuple(OnExpiry))),
            max_clarifications=self.number("MAX_CLARIFICATIONS", 2),
            sms_per_second=self.rate("SMS_PER_SECOND", "1"),
            on_doubt=OnDoubt(self.choice("ON_DOUBT", "ask", tuple(OnDoubt))),
            doubt_after=self.duration("DOUBT_AFTER", "15m"),
            ways=read_ways(self),
            confirm_link=read_link_use(self),
            no_replies_from=read_no_replies_from(self),
        )
        return replace(clinic, wording=self._wording("WORDING_FILE", clinic))

    def service(self, public_url: str = "http://127.0.0.1:8000") -> ServiceSettings:
        """`public_url` is the default for PUBLIC_URL."""
        carrier = read_carrier(self, self.url("PUBLIC_URL", public_url))
        check_ways(self, carrier)
        return ServiceSettings(self._calcom(), carrier, read_smtp(self))

    def desk(self, public_url: str = "http://127.0.0.1:8000") -> DeskSettings:
        """`public_url` is the default for PUBLIC_URL."""
        password = self.text("DESK_PASSWORD")
        if password.startswith("$argon2") and not ARGON2_HASH.fullmatch(password):
            self.fault("DESK_PASSWORD", "is no whole argon2id hash; make one with: replyes password (and mind its $)")
        elif password and len(password) < SHORTEST_DESK_PASSWORD:
            self.fault("DESK_PASSWORD", "has fewer than 8 characters; set it to a longer one")
        return DeskSettings(password, self.url("PUBLIC_URL", public_url))

    def _calcom(self) -> CalComSettings:
        verbs = self.choice("CAL_API_VERBS", "auto", ("auto", "concept", "live"))
        return CalComSettings(
            api_url=self.url("CAL_API_URL", "https://api.cal.com"),
            api_key=self.required("CAL_API_KEY", "an API key from Cal.com: Settings, Developer, API keys"),
            api_version=self.text("CAL_API_VERSION", "2024-08-13"),
            verbs="concept" if verbs == "concept" else "live" if verbs == "live" else "auto",
            webhook_secrets=tuple(
                self.secrets("CAL_WEBHOOK_SECRET", "the secret that you typed into Cal.com's webhook")
            ),
            phone_field=self.text("CAL_PHONE_FIELD"),
            fallback_region=self.region(),
            time_zone=self.zone("CLINIC_TIME_ZONE", "UTC"),
        )

    def _wording(self, name: str, clinic: Clinic) -> Mapping[str, Mapping[str, str]]:
        if not (path := self.text(name)):
            return {}
        own = wording_file.read(path, clinic)
        for fault in own.faults:
            self.fault(name, fault)
        self.warnings += [f"{name} {warning}" for warning in own.warnings]
        return own.wording

    def _quiet_hours(self) -> QuietHours | None:
        name, value = "QUIET_HOURS", self.text("QUIET_HOURS", "21:00-08:00").lower()
        if value == "none":
            return None
        found = HOURS.fullmatch(value)
        if not found or found[1] == found[2]:
            self.fault(name, "is no span of hours; write it like 21:00-08:00, or none")
            return None
        return QuietHours(time.fromisoformat(found[1]), time.fromisoformat(found[2]))
