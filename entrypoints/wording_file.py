"""A clinic's own texts, from a TOML file: a table for each language, a line for each text."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from domain.clinics import Clinic
from domain.saying import preview, templates


@dataclass(frozen=True)
class OwnWords:
    """What a file holds: texts that may be used, or why they may not; and what they cost more than ours."""

    wording: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def read(path: str, clinic: Clinic) -> OwnWords:
    """The texts of this file for this clinic."""
    try:
        wording = tomllib.loads(Path(path).read_text("utf-8-sig"))
    except tomllib.TOMLDecodeError as error:
        return OwnWords(
            faults=[f'is no TOML: {error}; write [en] and below it lines like confirmed = "See you {{day}}!"']
        )
    except (OSError, ValueError) as error:
        return OwnWords(faults=[f"cannot be read ({type(error).__name__}); name a readable TOML file in UTF-8"])
    if faults := templates.faults(wording):
        return OwnWords(faults=faults)
    own = replace(clinic, wording=wording)
    if faults := [fault for code in wording for fault in preview.too_long(own, code)]:
        return OwnWords(faults=faults)
    return OwnWords(wording, warnings=[warning for code in wording for warning in preview.warnings(own, code)])
