"""One data file for each language: what we say, and what we understand."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

DEFAULT = "en"


@cache
def language(code: str) -> Mapping[str, Any] | None:
    """The language of this code ("en", or "en-GB" by its first part), None where we have no file for it."""
    name = code.lower().replace("_", "-").split("-")[0]
    if not (name.isascii() and name.isalpha()):
        return None
    file = files(__name__).joinpath(f"{name}.toml")
    return tomllib.loads(file.read_text("utf-8")) if file.is_file() else None
