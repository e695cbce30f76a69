"""`replyes preview`: every text with an example's data, and what it costs."""

from collections.abc import Iterator, Sequence

from domain.clinics import Clinic
from domain.languages import codes, language
from domain.saying.preview import shown

OWN = "*"


def of_clinic(clinic: Clinic, code: str, clinics: int) -> Iterator[str]:
    """The clinic's texts in this language, or in all of its own; below its name where it is one of several."""
    if clinics > 1:
        yield f"{clinic.key}: {clinic.name}"
    yield from lines(clinic, [code] if code else [one for one in clinic.languages if one in codes()] or ["en"])


def lines(clinic: Clinic, codes: Sequence[str]) -> Iterator[str]:
    """One line a text: its name, segments, encoding and words, below its language. The clinic's own are marked."""
    for code in codes:
        yield f"[{code}] {(language(code) or {})['name']}"
        texts = shown(clinic, code)
        width = max(len(one.name) for one in texts)
        for one in texts:
            mark = OWN if one.own else " "
            words = one.text.replace("\n", "⏎")
            yield f"{mark} {one.name:<{width}}  {one.segments} {one.encoding:<5}  {words}"
    yield "Before each text: how many segments it takes, and the alphabet in which it is sent."
    if clinic.wording:
        yield f"{OWN} in the clinic's own words."
