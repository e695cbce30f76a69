"""How well texts are understood: `python -m bench understanding FILE`. Each line of FILE has an utterance, the code of
its language, a label (YES, NO or anything else for UNCLEAR) and, if known, its source, with tabs between them.

Beside us, on the same rows: the exact match of the simplest handler, `'YES' in message`, and Microsoft's recognizer,
where it is installed (pip install recognizers-text-choice "emoji<2").
"""

import sys
import time
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from domain.replies import interpret

Judge = Callable[[str, str], str]


@dataclass(frozen=True)
class Row:
    """One labelled text."""

    text: str
    language: str
    label: str
    source: str


def rows(path: Path) -> Iterator[Row]:
    """The rows of a file, with or without a line of headings."""
    for line in path.read_text("utf-8").splitlines():
        text, language, label, source, *_ = [*line.split("\t"), "", "", ""]
        if label not in ("", "label"):
            plain = label if label in ("YES", "NO") else "UNCLEAR"
            yield Row(text, language, plain, source.partition(":")[0] or "unknown")


def replyes(text: str, language: str) -> str:
    return str(interpret(text, (language,)).answer)


def exact(text: str, language: str) -> str:  # noqa: ARG001
    said = text.strip().upper()
    return said if said in ("YES", "NO") else "UNCLEAR"


def contained(text: str, language: str) -> str:  # noqa: ARG001
    said = text.upper()
    return "YES" if "YES" in said else "NO" if "NO" in said else "UNCLEAR"


def judges() -> dict[str, Judge]:
    """Everybody who is here, by name."""
    known: dict[str, Judge] = {"replyes": replyes, "exact match": exact, "'YES' in message": contained}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from recognizers_choice import recognize_boolean  # noqa: PLC0415
    except ImportError:
        return known

    def recognizer(text: str, language: str) -> str:
        cultures = {
            "en": "en-us",
            "es": "es-es",
            "pt": "pt-br",
            "fr": "fr-fr",
            "de": "de-de",
            "zh": "zh-cn",
            "ja": "ja-jp",
        }
        try:
            found = recognize_boolean(text, cultures.get(language, "en-us"))
        except Exception:
            return "UNCLEAR"
        said = {one.resolution["value"] for one in found}
        return {frozenset({True}): "YES", frozenset({False}): "NO"}.get(frozenset(said), "UNCLEAR")

    return {**known, "recognizers-text-choice": recognizer}


def report(path: Path) -> str:
    """The tables: us by language and by source, and everybody on all rows."""
    found = list(rows(path))
    first_uses = {language: _milliseconds([Row("", language, "", "")]) for language in _by(found, "language")}
    english = [row for row in found if row.language == "en"]
    lines = [_heading("language")]
    lines += [_line(name, some, replyes) for name, some in sorted(_by(found, "language").items())]
    lines += ["", _heading("source")]
    lines += [_line(name, some, replyes) for name, some in sorted(_by(found, "source").items())]
    for title, some in (("everybody, all rows", found), ("everybody, English", english)):
        lines += ["", _heading(title)]
        lines += [_line(name, some, judge) for name, judge in judges().items()]
    slowest = max(first_uses, key=first_uses.__getitem__)
    speed = _milliseconds(found) / len(found) * 1e3
    lines += ["", f"{speed:.0f} microseconds a text; the first in a language reads its file, at most"]
    return "\n".join(lines) + f" {first_uses[slowest]:.0f} ms ({slowest})"


def _milliseconds(some: list[Row]) -> float:
    """Of the processor's time, so that others who are at work do not count."""
    began = time.process_time()
    for row in some:
        replyes(row.text, row.language)
    return (time.process_time() - began) * 1e3


def _by(found: list[Row], what: str) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in found:
        groups[getattr(row, what)].append(row)
    return groups


def _heading(what: str) -> str:
    return f"{what:<28}{'rows':>6}{'hit on YES and NO':>20}{'flips':>7}{'decided though unclear':>25}"


def _line(name: str, some: list[Row], judge: Judge) -> str:
    told = Counter((row.label, judge(row.text, row.language)) for row in some)
    decided = sum(count for (label, _), count in told.items() if label != "UNCLEAR")
    unclear = sum(told.values()) - decided
    hit = told["YES", "YES"] + told["NO", "NO"]
    flips = told["YES", "NO"] + told["NO", "YES"]
    wrong = told["UNCLEAR", "YES"] + told["UNCLEAR", "NO"]
    share = f"{hit}/{decided} {hit / decided:.1%}" if decided else "-"
    mistaken = f"{wrong}/{unclear} {wrong / unclear:.1%}" if unclear else "-"
    return f"{name:<28}{len(some):>6}{share:>20}{flips:>7}{mistaken:>25}"


def main(arguments: list[str]) -> None:
    if len(arguments) != 1:
        sys.exit("Usage: python -m bench understanding FILE")
    if not list(rows(Path(arguments[0]))):
        sys.exit("There is no line with an utterance, a language and a label, with tabs between them.")
    print(report(Path(arguments[0])))


if __name__ == "__main__":
    main(sys.argv[1:])
