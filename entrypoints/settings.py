"""The environment (or `.env`) as settings. All faults are told at once, each with its cure.

Every name can also be given as NAME_FILE, the path of a file that holds the value, as containers hand over secrets.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import time, timedelta
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers
from dotenv import dotenv_values

from adapters.calcom import CalComSettings
from adapters.twilio import TwilioSettings
from domain.clinics import Clinic, OnDoubt, OnExpiry
from domain.errors import Misconfigured
from domain.quiet import QuietHours
from entrypoints import wording_file

MAIN_CLINIC = "main"  # the clinic's key where there is only one; it stands in stored ids, so it never changes
DURATION = re.compile(r"(\d{1,9})([smhd])", re.ASCII)
HOURS = re.compile(r"((?:[01]\d|2[0-3]):[0-5]\d)-((?:[01]\d|2[0-3]):[0-5]\d)", re.ASCII)
RATE = re.compile(r"0|0\.[1-9]\d?|[1-9]\d{0,3}(\.\d{1,2})?", re.ASCII)
LONGEST_DURATION = timedelta(days=3650)
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
SHORTEST_ENCRYPTION_KEY = 16

SHORTEST_DESK_PASSWORD = 8
ARGON2_HASH = re.compile(r"\$argon2id\$v=\d+\$m=\d+,t=\d+,p=\d+\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+", re.ASCII)

PROMISED = ("CLINICS_FILE",)
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
    twilio: TwilioSettings


@dataclass(frozen=True)
class DeskSettings:
    """The staff's pages. `password` is a plain one, or an argon2 hash of it; without one the desk is closed."""

    password: str = field(repr=False)
    public_url: str


def environment() -> dict[str, str]:
    """`.env` of this folder, and the environment over it; blank values count as not set. Raises Misconfigured where
    `.env` cannot be read."""
    try:
        merged = {**dotenv_values(".env"), **os.environ}
    except (OSError, ValueError) as error:
        raise Misconfigured([f".env cannot be read ({type(error).__name__}); write it in UTF-8"]) from error
    return {name: value for name, value in merged.items() if value is not None and value.strip()}


def not_used_yet(environ: Mapping[str, str]) -> list[str]:
    """Settings that are promised but do nothing so far: somebody who sets one should know."""
    return [name for name in PROMISED if name in environ]


class Settings:
    """Reads one environment. Faults are collected; `check` raises them all. `warnings` are for the log."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.faults: list[str] = []
        self.warnings: list[str] = []

    def check(self) -> None:
        """Raises Misconfigured with every fault found so far."""
        if self.faults:
            raise Misconfigured(self.faults)

    def store(self) -> StoreSettings:
        url = self._text("DATABASE_URL", "sqlite:///replyes.db")
        key = self._text("ENCRYPTION_KEY")
        if key and len(key) < SHORTEST_ENCRYPTION_KEY:
            self._fault("ENCRYPTION_KEY", "has fewer than 16 characters; make one with: openssl rand -base64 32")
        scheme, _, rest = url.partition("://")
        if scheme == "sqlite" and rest.startswith("/") and len(rest) > 1:
            return StoreSettings(url, key)
        if scheme not in ("postgresql", "postgres") or not _is_plain_address(url):
            self._fault("DATABASE_URL", "must be sqlite:///<file> or postgresql://<user>:<password>@<host>/<database>")
        return StoreSettings(url, key)

    def logs(self) -> LogSettings:
        return LogSettings(
            self._choice("LOG_FORMAT", "auto", ("auto", "json", "console")),
            self._choice("LOG_LEVEL", "info", ("debug", "info", "warning", "error")),
        )

    def clinic(self) -> Clinic:
        languages = self._list("CLINIC_LANGUAGES", "en")
        clinic = Clinic(
            key=MAIN_CLINIC,
            name=self._text("CLINIC_NAME", "Cal.com Clinic"),
            phone=self._phone("CLINIC_PHONE"),
            languages=tuple(code.lower() for code in languages) or ("en",),
            time_zone=self._zone("CLINIC_TIME_ZONE", "UTC"),
            booking_link=self._url("BOOKING_LINK", ""),
            ask_settle=self._duration("ASK_SETTLE", "10s"),
            quiet_hours=self._quiet_hours(),
            remind_after=self._duration("REMIND_AFTER", "24h"),
            ask_again_before=self._durations("ASK_AGAIN_BEFORE", "3d,1d"),
            expire_after=self._duration("EXPIRE_AFTER", "48h"),
            expire_before_start=self._duration("EXPIRE_BEFORE_START", "2h"),
            on_expiry=OnExpiry(self._choice("ON_EXPIRY", "leave", tuple(OnExpiry))),
            max_clarifications=self._number("MAX_CLARIFICATIONS", 2),
            sms_per_second=self._rate("SMS_PER_SECOND", "1"),
            on_doubt=OnDoubt(self._choice("ON_DOUBT", "ask", tuple(OnDoubt))),
            doubt_after=self._duration("DOUBT_AFTER", "15m"),
        )
        return replace(clinic, wording=self._wording("WORDING_FILE", clinic))

    def service(self, public_url: str = "http://127.0.0.1:8000") -> ServiceSettings:
        """`public_url` is the default for PUBLIC_URL."""
        provider = self._choice("SMS_PROVIDER", "sandbox", ("sandbox", "twilio"))
        if provider == "sandbox" and self._text("SMS_PROVIDER", "sandbox") == "sandbox":
            self._fault("SMS_PROVIDER", "names no carrier; set it to twilio, or try `replyes serve --sandbox`")
        return ServiceSettings(self._calcom(), self._twilio(public_url, provider))

    def desk(self, public_url: str = "http://127.0.0.1:8000") -> DeskSettings:
        """`public_url` is the default for PUBLIC_URL."""
        password = self._text("DESK_PASSWORD")
        if password.startswith("$argon2") and not ARGON2_HASH.fullmatch(password):
            self._fault("DESK_PASSWORD", "is no whole argon2id hash; make one with: replyes password (and mind its $)")
        elif password and len(password) < SHORTEST_DESK_PASSWORD:
            self._fault("DESK_PASSWORD", "has fewer than 8 characters; set it to a longer one")
        return DeskSettings(password, self._url("PUBLIC_URL", public_url))

    def _calcom(self) -> CalComSettings:
        verbs = self._choice("CAL_API_VERBS", "auto", ("auto", "concept", "live"))
        phone = self._text("CLINIC_PHONE")
        return CalComSettings(
            api_url=self._url("CAL_API_URL", "https://api.cal.com"),
            api_key=self._required("CAL_API_KEY", "an API key from Cal.com: Settings, Developer, API keys"),
            api_version=self._text("CAL_API_VERSION", "2024-08-13"),
            verbs="concept" if verbs == "concept" else "live" if verbs == "live" else "auto",
            webhook_secrets=tuple(
                self._secrets("CAL_WEBHOOK_SECRET", "the secret that you typed into Cal.com's webhook")
            ),
            phone_field=self._text("CAL_PHONE_FIELD"),
            fallback_region=_region_of(phone),
            time_zone=self._zone("CLINIC_TIME_ZONE", "UTC"),
        )

    def _twilio(self, public_url: str, provider: str) -> TwilioSettings:
        if provider != "twilio":
            return TwilioSettings("unset", ("unset",), "", "")
        sender = self._required("TWILIO_FROM", "a number (+12025550100) or a Messaging Service (MG…)")
        if sender and not re.fullmatch(r"\+[1-9]\d{6,14}|MG[0-9a-fA-F]{32}", sender):
            self._fault(
                "TWILIO_FROM", "must be a number like +12025550100, or a Messaging Service (MG and 32 hex digits)"
            )
        account = self._required("TWILIO_ACCOUNT_SID", "the Account SID (AC…) of Twilio's console")
        tokens = self._secrets("TWILIO_AUTH_TOKEN", "the Auth Token of Twilio's console")
        return TwilioSettings(
            account_sid=account or "unset",
            auth_tokens=tokens or ("unset",),
            sender=sender,
            api_url=self._url("TWILIO_API_URL", "https://api.twilio.com"),
            public_url=self._url("PUBLIC_URL", public_url),
        )

    # -- One value at a time ----------------------------------------------------------------------------------

    def _fault(self, name: str, problem: str) -> None:
        if (fault := f"{name} {problem}") not in self.faults:  # some settings are read twice
            self.faults.append(fault)

    def _text(self, name: str, default: str = "") -> str:
        value = self.environ.get(name) or self._text_of_file(name) or default
        if not value.isprintable():  # what was not UTF-8 comes as lone surrogates, and could not be texted
            self._fault(name, "holds characters that cannot be printed; write it in UTF-8, on one line")
            return default
        return value.strip()

    def _text_of_file(self, name: str) -> str:
        file = self.environ.get(f"{name}_FILE")
        if not file:
            return ""
        try:
            return Path(file).read_text("utf-8").strip()
        except (OSError, ValueError) as error:
            self._fault(f"{name}_FILE", f"cannot be read ({type(error).__name__}); name a readable text file")
            return ""

    def _required(self, name: str, what: str) -> str:
        value = self._text(name)
        if not value:
            self._fault(name, f"is not set; set it to {what}")
        return value

    def _list(self, name: str, default: str = "") -> list[str]:
        return [part.strip() for part in self._text(name, default).split(",") if part.strip()]

    def _secrets(self, name: str, what: str) -> tuple[str, ...]:
        values = tuple(self._list(name))
        if not values:
            self._fault(name, f"is not set; set it to {what}")
        return values

    def _choice(self, name: str, default: str, choices: tuple[str, ...]) -> str:
        value = self._text(name, default).lower()
        if value not in choices:
            self._fault(name, f"is {value!r}; choose one of {', '.join(choices)}")
            return default
        return value

    def _wording(self, name: str, clinic: Clinic) -> Mapping[str, Mapping[str, str]]:
        if not (path := self._text(name)):
            return {}
        own = wording_file.read(path, clinic)
        for fault in own.faults:
            self._fault(name, fault)
        self.warnings += [f"{name} {warning}" for warning in own.warnings]
        return own.wording

    def _quiet_hours(self) -> QuietHours | None:
        name, value = "QUIET_HOURS", self._text("QUIET_HOURS", "21:00-08:00").lower()
        if value == "none":
            return None
        found = HOURS.fullmatch(value)
        if not found or found[1] == found[2]:
            self._fault(name, "is no span of hours; write it like 21:00-08:00, or none")
            return None
        return QuietHours(time.fromisoformat(found[1]), time.fromisoformat(found[2]))

    def _durations(self, name: str, default: str) -> tuple[timedelta, ...]:
        if self._text(name, default).lower() == "none":
            return ()
        return tuple(self._span(name, one) for one in self._list(name, default))

    def _duration(self, name: str, default: str) -> timedelta:
        return self._span(name, self._text(name, default))

    def _span(self, name: str, value: str) -> timedelta:
        found = DURATION.fullmatch(value.lower())
        if not found:
            self._fault(name, "is no duration; write it like 90s, 15m, 48h or 3d")
            return timedelta()
        duration = timedelta(**{UNITS[found[2]]: int(found[1])})
        if duration > LONGEST_DURATION:
            self._fault(name, "is longer than ten years; write it like 90s, 15m, 48h or 3d")
        return duration

    def _number(self, name: str, default: int) -> int:
        value = self._text(name, str(default))
        if not value.isdecimal():
            self._fault(name, "is no whole number; write it like 2")
            return default
        return int(value)

    def _rate(self, name: str, default: str) -> float:
        found = RATE.fullmatch(self._text(name, default))
        if not found:
            self._fault(name, "is no rate; write it like 1, 0.5 or 100; 0 switches it off")
            return 0
        return float(found[0])

    def _url(self, name: str, default: str) -> str:
        value = self._text(name, default).rstrip("/")
        if value and not _is_plain_url(value):
            self._fault(name, "is no plain URL; write it like https://replyes.example.org, without ? or #")
        return value

    def _phone(self, name: str) -> str:
        value = self._text(name)
        if value and not _is_possible(value):
            self._fault(name, "is no phone number; write it like +12025550100")
        return value

    def _zone(self, name: str, default: str) -> str:
        value = self._text(name, default)
        try:
            return ZoneInfo(value).key
        except (ValueError, OSError, ZoneInfoNotFoundError):
            self._fault(name, "is no time zone; write it like Europe/Berlin")
            return default


def _region_of(phone: str) -> str | None:
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(phone)) or None
    except phonenumbers.NumberParseException:
        return None


def _is_possible(phone: str) -> bool:
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(phone))
    except phonenumbers.NumberParseException:
        return False


def _is_plain_address(url: str) -> bool:
    try:
        _ = urlsplit(url).port
    except ValueError:
        return False
    return True


def _is_plain_url(value: str) -> bool:
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.query and not parts.fragment
