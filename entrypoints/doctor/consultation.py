"""What `replyes doctor` does, told line by line: look, and put right what somebody agrees to."""

import asyncio
from collections.abc import Callable, Mapping

from entrypoints.doctor.examination import Examination, examine, put_right
from entrypoints.doctor.telling import Paint, lines, summary


def consult(
    environ: Mapping[str, str], say: Callable[[str], object], paint: Paint, agrees: Callable[[str], bool] | None = None
) -> Examination:
    """What is found at the end. `agrees` is asked before each repair, with the end of a question ("register …"); None
    where nothing shall be changed."""
    found = asyncio.run(examine(environ))
    say("\n".join([*lines(found.findings, paint), "", summary(found)]))
    chosen = [clinic for clinic, told in found.repairs.items() if agrees and agrees(told)]
    if not chosen:
        return found
    done = [asyncio.run(put_right(environ, clinic)) for clinic in chosen]
    found = asyncio.run(examine(environ))
    again = [finding for finding in found.findings if finding.part in {one.part for one in done}]
    say("\n".join(["", *lines([*done, *again], paint), "", summary(found)]))
    return found
