"""What the pages say: one file for each language, with the same keys."""

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from domain.languages import short

LANGUAGES = {"en": "English", "de": "Deutsch", "es": "Español"}
LOCALES = {"en": "en_GB", "de": "de", "es": "es"}
DEFAULT = "en"


class Words:
    """The words of one language: `words("today.title")`, `words("inbox.waiting", n=3)`."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.locale = LOCALES[language]
        self._texts = texts(language)

    def __call__(self, key: str, **values: object) -> str:
        """The text of this key, filled in. One that differs by number has the sub-keys `one` and `other`; `n` chooses.
        Raises KeyError."""
        counted = f"{key}.{'one' if values.get('n') == 1 else 'other'}"
        text = self._texts[counted] if counted in self._texts else self._texts[key]
        return text.format(**values) if values else text

    def has(self, key: str) -> bool:
        """Whether there is such a text."""
        return key in self._texts or f"{key}.other" in self._texts


@cache
def words(language: str) -> Words:
    """The words of one of LANGUAGES."""
    return Words(language)


@cache
def texts(language: str) -> Mapping[str, str]:
    """Every text of a language by its dotted key."""
    read = tomllib.loads(files("entrypoints.desk").joinpath(f"words/{language}.toml").read_text("utf-8"))
    return dict(_flat(read))


def _flat(table: Mapping[str, Any], above: str = "") -> Iterable[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", str(value)


def choose(chosen: str, accepted: str, clinic: Iterable[str]) -> str:
    """The language to speak: the one that was chosen, else the first that the browser accepts (`Accept-Language`), else
    the clinic's."""
    for code in (chosen, *_by_preference(accepted), *clinic):
        if (language := short(code)) in LANGUAGES:
            return language
    return DEFAULT


def _by_preference(accepted: str) -> list[str]:
    """The codes of an Accept-Language header, the dearest first."""
    weighed = []
    for part in accepted[:500].split(","):
        code, _, weight = part.strip().partition(";")
        weighed.append((_weight(weight), code.strip()))
    return [code for weight, code in sorted(weighed, key=lambda pair: -pair[0]) if weight > 0]


def _weight(text: str) -> float:
    try:
        return float(text.strip().removeprefix("q=")) if text.strip() else 1.0
    except ValueError:
        return 0.0
