"""The findings for people, a line each, and for programs."""

from collections.abc import Callable, Sequence

from domain.checks import Finding, Verdict
from entrypoints.doctor.examination import Examination

Paint = Callable[[Verdict, str], str]

MARKS = {Verdict.GOOD: "ok", Verdict.UNSURE: "?", Verdict.FAULT: "FAULT"}
WIDEST_MARK = max(map(len, MARKS.values()))


def lines(findings: Sequence[Finding], paint: Paint) -> list[str]:
    """A line for each finding; its cure stands on the next. A part's name stands at its first finding only."""
    width = max((len(finding.part) for finding in findings), default=0)
    told, part = [], ""
    for finding in findings:
        name = "" if finding.part == part else finding.part
        part = finding.part
        mark = paint(finding.verdict, MARKS[finding.verdict].ljust(WIDEST_MARK))
        told.append(f"{name:<{width}}  {mark}  {finding.told}")
        if finding.cure:
            told.append(f"{'':<{width}}  {'':<{WIDEST_MARK}}  -> {finding.cure}")
    return told


def summary(examination: Examination) -> str:
    """The last line."""
    faults, unsure = examination.number(Verdict.FAULT), examination.number(Verdict.UNSURE)
    told = "no fault" if not faults else "1 fault" if faults == 1 else f"{faults} faults"
    return f"{told}, {unsure} to look at (?)" if unsure else told


def document(examination: Examination) -> dict[str, object]:
    """For `--json`."""
    findings = [
        {"part": one.part, "verdict": one.verdict.value, "told": one.told, "cure": one.cure}
        for one in examination.findings
    ]
    return {
        "findings": findings,
        "faults": examination.number(Verdict.FAULT),
        "unsure": examination.number(Verdict.UNSURE),
    }
