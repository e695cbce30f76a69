"""Reading one environment, one value at a time. Faults are collected, each with its cure, and told all at once.

Every name can also be given as NAME_FILE, the path of a file that holds the value, as containers hand over secrets.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers

from domain.errors import Misconfigured

DURATION = re.compile(r"(\d{1,9})([smhd])", re.ASCII)
RATE = re.compile(r"0|0\.[1-9]\d?|[1-9]\d{0,3}(\.\d{1,2})?", re.ASCII)
LONGEST_DURATION = timedelta(days=3650)
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class Reader:
    """What cannot be read is noted as a fault, and read as its default; `check` raises all faults. `warnings` are for
    the log; `asked` are the names that were looked for, whether they are set or not."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.faults: list[str] = []
        self.warnings: list[str] = []
        self.asked: set[str] = set()
        self.unread: set[str] = set()

    def check(self) -> None:
        """Raises Misconfigured with every fault found so far."""
        if self.faults:
            raise Misconfigured(self.faults)

    def fault(self, name: str, problem: str) -> None:
        """Note what is wrong with a setting, and its cure."""
        if (fault := f"{name} {problem}") not in self.faults:  # some settings are read twice
            self.faults.append(fault)

    def text(self, name: str, default: str = "") -> str:
        """One line of printable characters; "" where nothing is set."""
        self.asked.add(name)
        value = self.environ.get(name) or self._text_of_file(name) or default
        if not value.isprintable():  # what was not UTF-8 comes as lone surrogates, and could not be texted
            self.fault(name, "holds characters that cannot be printed; write it in UTF-8, on one line")
            return default
        return value.strip()

    def _text_of_file(self, name: str) -> str:
        file = self.environ.get(f"{name}_FILE")
        if not file:
            return ""
        try:
            return Path(file).read_text("utf-8").strip()
        except (OSError, ValueError) as error:
            self.unread.add(name)
            why = "where there is no file" if isinstance(error, FileNotFoundError) else "which cannot be read"
            self.fault(f"{name}_FILE", f"names {file}, {why}; name a readable text file")
            return ""

    def required(self, name: str, what: str) -> str:
        """What has to be set; `what` ends the sentence that asks for it."""
        value = self.text(name)
        self._check_given(name, value, what)
        return value

    def _check_given(self, name: str, value: str, what: str) -> None:
        """Neither nothing, unless that has been told, nor what stands in the README."""
        if not value and name not in self.unread:
            self.fault(name, f"is not set; set it to {what}")
        elif "…" in value:
            self.fault(name, f"still has the … of an example; set it to {what}")

    def several(self, name: str, default: str = "") -> list[str]:
        """Values with commas between them."""
        return [part.strip() for part in self.text(name, default).split(",") if part.strip()]

    def secrets(self, name: str, what: str) -> tuple[str, ...]:
        """One secret or several, which have to be set, as `required` says."""
        values = tuple(self.several(name))
        self._check_given(name, ",".join(values), what)
        return values

    def choice(self, name: str, default: str, choices: tuple[str, ...]) -> str:
        """One of the choices, in lower case."""
        value = self.text(name, default).lower()
        if value not in choices:
            self.fault(name, f"is {value!r}; choose one of {', '.join(choices)}")
            return default
        return value

    def durations(self, name: str, default: str) -> tuple[timedelta, ...]:
        """Several durations; () for "none"."""
        if self.text(name, default).lower() == "none":
            return ()
        return tuple(self._span(name, one) for one in self.several(name, default))

    def duration(self, name: str, default: str) -> timedelta:
        """A duration like 90s, 15m, 48h or 3d."""
        return self._span(name, self.text(name, default))

    def _span(self, name: str, value: str) -> timedelta:
        found = DURATION.fullmatch(value.lower())
        if not found:
            self.fault(name, "is no duration; write it like 90s, 15m, 48h or 3d")
            return timedelta()
        duration = timedelta(**{UNITS[found[2]]: int(found[1])})
        if duration > LONGEST_DURATION:
            self.fault(name, "is longer than ten years; write it like 90s, 15m, 48h or 3d")
        return duration

    def number(self, name: str, default: int) -> int:
        """A whole number, 0 or more."""
        value = self.text(name, str(default))
        if not value.isdecimal():
            self.fault(name, "is no whole number; write it like 2")
            return default
        return int(value)

    def rate(self, name: str, default: str) -> float:
        """How often in a second; 0 for no limit."""
        found = RATE.fullmatch(self.text(name, default))
        if not found:
            self.fault(name, "is no rate; write it like 1, 0.5 or 100; 0 switches it off")
            return 0
        return float(found[0])

    def url(self, name: str, default: str) -> str:
        """An http or https URL without a slash at its end, without ? and #."""
        value = self.text(name, default).rstrip("/")
        if value and not _is_plain_url(value):
            self.fault(name, "is no plain URL; write it like https://replyes.example.org, without ? or #")
        return value

    def phone(self, name: str) -> str:
        """A phone number that could exist, or ""."""
        value = self.text(name)
        if value and not _is_possible(value):
            self.fault(name, "is no phone number; write it like +12025550100")
        return value

    def region(self) -> str | None:
        """The ISO region of the clinic's own phone, by which numbers without a plus are dialled; None without one."""
        try:
            return phonenumbers.region_code_for_number(phonenumbers.parse(self.text("CLINIC_PHONE"))) or None
        except phonenumbers.NumberParseException:
            return None

    def zone(self, name: str, default: str) -> str:
        """The name of a time zone."""
        value = self.text(name, default)
        try:
            return ZoneInfo(value).key
        except (ValueError, OSError, ZoneInfoNotFoundError):
            self.fault(name, "is no time zone; write it like Europe/Berlin")
            return default


def _is_possible(phone: str) -> bool:
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(phone))
    except phonenumbers.NumberParseException:
        return False


def _is_plain_url(value: str) -> bool:
    parts = url_parts(value)
    if parts is None or parts.scheme not in ("http", "https"):
        return False
    return bool(parts.hostname) and not parts.query and not parts.fragment


def url_parts(value: str) -> SplitResult | None:
    """The parts of a URL; None where it cannot be taken apart, or its port is none."""
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        return None
    return parts
