"""One data file for each language: what we say, and what we understand."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

DEFAULT = "en"
# Other codes of a language: its ways of writing, its official name, or the neighbour that all of its speakers read.
ALIASES = {"nb": "no", "nn": "no", "fil": "tl", "an": "es", "ast": "es"}


def short(code: str) -> str:
    """The code by which we know the language: "en" for "en-GB"."""
    first = code.lower().replace("_", "-").split("-")[0]
    return ALIASES.get(first, first)


def language(code: str) -> Mapping[str, Any] | None:
    """The language of this code, None where we have no file for it."""
    name = short(code)
    return _read(name) if name in codes() else None


@cache
def _read(name: str) -> Mapping[str, Any]:
    return tomllib.loads(files(__name__).joinpath(f"{name}.toml").read_text("utf-8"))


@cache
def codes() -> tuple[str, ...]:
    """The languages that we have."""
    names = (file.name.partition(".") for file in files(__name__).iterdir())
    return tuple(sorted(code for code, _, ending in names if ending == "toml"))
