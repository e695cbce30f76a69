"""`python -m tests.crash`: kill -9 by chance, and nothing is lost and nothing is done twice.

Several web replicas and several workers of the product on one database, between a Cal.com and a carrier that record
everything. Patients take slots and answer, hosts interfere, strangers forge webhooks; every few hundred milliseconds a
process is killed and started again, and a database server is stopped at once now and then. When everything has come to
rest, `replyes reconcile` takes in what was lost, and twelve rules are checked. Exit code 1 where one is broken.

`--faults`: Cal.com and the carrier misbehave as well, until the first rest.
"""

import shutil
import signal
import sys
import tempfile
from pathlib import Path
from types import FrameType

from tests.crash.options import Options
from tests.crash.report import judged, lines
from tests.crash.run import Run, run


def main() -> int:
    options = Options.read()
    signal.signal(signal.SIGTERM, _end)
    folder = Path(tempfile.mkdtemp(prefix="replyes-crash-"))
    try:
        return 0 if run(options, folder, _tell, _judge) else 1
    finally:
        if options.keep:
            _tell(f"kept: {folder}")
        else:
            shutil.rmtree(folder)


def _judge(done: Run) -> bool:
    evidence = done.evidence()
    found = judged(done, evidence)
    for line in lines(done, evidence, found):
        _tell(line)
    return not any(checked.breaches for checked in found.values())


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _end(number: int, frame: FrameType | None) -> None:
    """So that everything that was started is ended."""
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
