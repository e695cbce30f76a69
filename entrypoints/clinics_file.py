"""`CLINICS_FILE`: several clinics in one process. Each table of the TOML file is a clinic, its name is the clinic's
key, and its values are settings by the names that they have in the environment:

    [north]
    CLINIC_NAME = "North Clinic"
    CAL_API_KEY_FILE = "secrets/north_cal_key"

A file is named from the folder in which CLINICS_FILE lies. What a table does not set comes from the environment, but
for OWN: a patient must not be told to call another clinic, and a clinic without a key or a secret of its own would take
in the bookings of another.
"""

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from domain.clinics import Clinic
from domain.errors import UnknownClinic
from domain.ways import Way
from entrypoints.carriers import READERS
from entrypoints.settings import MAIN_CLINIC, DeskSettings, Settings

NAME = "CLINICS_FILE"
EXAMPLE = 'write [main] and below it lines like CLINIC_NAME = "North Clinic"'
KEY = re.compile(r"[a-z][a-z0-9]{0,31}", re.ASCII)
TAKEN = ("status",)  # /api/webhooks/sms/status is an address already
OWN = ("CLINIC_NAME", "CLINIC_PHONE", "BOOKING_LINK", "CAL_API_KEY", "CAL_WEBHOOK_SECRET")
DESK_PASSWORD = "DESK_PASSWORD"  # noqa: S105 - the environment's opens every clinic, so that no clinic inherits it

Table = Mapping[str, Any]


class ClinicsFile:
    """The settings of each clinic by its key, in the file's order; without a file those of the environment, for the
    only clinic. After they have been read, `gather` notes their faults and warnings in `settings`, which are the
    environment's."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.each: dict[str, Settings] = {MAIN_CLINIC: settings}
        self._tables: dict[str, Mapping[str, str]] = {}
        if path := settings.text(NAME):
            self._tables = {key: self._values(key, table, Path(path).parent) for key, table in self._read(path)}
            self.each = {key: Settings(_merged(settings.environ, table), key) for key, table in self._tables.items()}

    def clinics(self) -> dict[str, Clinic]:
        """Every clinic."""
        clinics = {key: one.clinic() for key, one in self.each.items()}
        for one in self.each.values():
            if one is not self.settings:
                one.required("CLINIC_NAME", "the name that patients know")
        return clinics

    def desk(self, public_url: str) -> DeskSettings:
        """Of all clinics; `public_url` is the default for PUBLIC_URL."""
        whole = self.settings.desk(public_url)
        apart = {key: one.desk(public_url).password for key, one in self.each.items() if one is not self.settings}
        return DeskSettings(whole.password, whole.public_url, apart)

    def gather(self) -> None:
        """What is wrong with the environment is told once, and what is wrong with a table by its clinic's key."""
        for key in self._tables:
            faults = [self._told(key, fault) for fault in self.each[key].faults]
            self.settings.faults += [fault for fault in dict.fromkeys(faults) if fault not in self.settings.faults]
            self.settings.warnings += [f"[{key}] {warning}" for warning in self.each[key].warnings]
        if self._tables:
            self.settings.warnings += [
                f"{name} of the environment is no clinic's: each has its own, in its table of {NAME}"
                for name in OWN
                if name in self.settings.environ or f"{name}_FILE" in self.settings.environ
            ]

    def _told(self, key: str, fault: str) -> str:
        name = fault.partition(" ")[0]
        heirs = [one for one, table in self._tables.items() if name not in table and name in self.each[one].environ]
        is_shared = key in heirs and all(fault in self.each[one].faults for one in heirs)
        return fault if is_shared else f"[{key}] {fault}"

    def _read(self, path: str) -> Iterator[tuple[str, Table]]:
        """The tables that can be a clinic's; what cannot is noted."""
        try:
            found = tomllib.loads(Path(path).read_text("utf-8-sig"))
        except tomllib.TOMLDecodeError as error:
            self.settings.fault(NAME, f"is no TOML: {error}; {EXAMPLE}")
            return
        except (OSError, ValueError) as error:
            self.settings.fault(NAME, f"cannot be read ({type(error).__name__}); name a readable TOML file in UTF-8")
            return
        if not found:
            self.settings.fault(NAME, f"names no clinic; {EXAMPLE}")
        for key, table in found.items():
            if not isinstance(table, dict):
                self.settings.fault(NAME, f"sets {key!r} for no clinic; {EXAMPLE}")
            elif not KEY.fullmatch(key) or key in TAKEN:
                self.settings.fault(
                    NAME, f"calls a clinic {key!r}; take another name, of small letters and digits, like north"
                )
            else:
                yield key, table

    def _values(self, key: str, table: Table, folder: Path) -> dict[str, str]:
        values = {}
        for name, value in table.items():
            if fault := _misnamed(name):
                self.settings.fault(f"[{key}] {name}", fault)
            elif (text := _as_text(value)) is None:
                self.settings.fault(f"[{key}] {name}", "is no text; put it into quotes")
            else:
                is_path = name.endswith("_FILE") and bool(text.strip())
                values[name] = str(folder / text) if is_path else text
        return values


def read_clinics(settings: Settings) -> dict[str, Clinic]:
    """Every clinic, for what needs no more than that."""
    file = ClinicsFile(settings)
    clinics = file.clinics()
    file.gather()
    return clinics


def one_of(clinics: Collection[str], key: str) -> str:
    """The key. Raises UnknownClinic where no clinic has it."""
    if key not in clinics:
        raise UnknownClinic(f"there is no clinic {key}; choose one of {', '.join(clinics)}")
    return key


@cache
def names() -> tuple[frozenset[str], frozenset[str]]:
    """Every setting that a clinic may have, and those that belong to the process: what is asked for when everything is
    read, for every carrier and for every way to a patient."""
    process, clinics = Settings({}), set[str]()
    process.store()
    process.logs()
    for provider in READERS:
        one = Settings({"SMS_PROVIDER": provider, "ASK_BY": ",".join(Way)})
        one.clinic()
        one.service()
        one.desk()
        clinics |= one.asked
    of_process = frozenset(process.asked | {"PUBLIC_URL", NAME})
    return frozenset(clinics - of_process), of_process


def _misnamed(name: str) -> str:
    """What is wrong with a name in a table; "" for nothing."""
    of_clinics, of_process = names()
    forms = {name, name.removesuffix("_FILE")}
    if forms & of_clinics:
        return ""
    if forms & of_process:
        return "belongs to the whole process; set it in the environment"
    near = get_close_matches(name.upper(), sorted(of_clinics | {f"{one}_FILE" for one in of_clinics}), 1)
    return f"is no setting; did you mean {near[0]}?" if near else "is no setting; take it away"


def _as_text(value: object) -> str | None:
    """As it would stand in the environment; None for what cannot."""
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ",".join(value)
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return str(value)
    return None


def _merged(environ: Mapping[str, str], table: Mapping[str, str]) -> dict[str, str]:
    """The environment of one clinic. NAME and NAME_FILE are one setting; a blank value sets it to nothing."""
    own = {name.removesuffix("_FILE") for name in (*OWN, DESK_PASSWORD, NAME, *table)}
    inherited = {name: value for name, value in environ.items() if name.removesuffix("_FILE") not in own}
    return inherited | {name: value for name, value in table.items() if value.strip()}
