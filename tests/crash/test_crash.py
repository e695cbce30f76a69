"""The crash harness in small: all four ways at the same time, since each of them mostly waits for leases."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.databases import KINDS

ROOT = Path(__file__).parents[2]
WAYS = {(kind, faults): [f"--database={kind}", *faults] for kind in KINDS for faults in ((), ("--faults",))}
SMALL = ["--bookings=40", "--kills=10"]
PATIENCE = 420  # seconds; a run takes a good half minute, and an errand that failed often rests for five
TO_CLEAN_UP = 30

Way = tuple[str, tuple[str, ...]]
Runs = Mapping[Way, "subprocess.Popen[str]"]


@pytest.fixture(scope="module")
def runs() -> Iterator[Runs]:
    command = [sys.executable, "-m", "tests.crash", *SMALL]
    started = {
        way: subprocess.Popen(
            [*command, *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        for way, arguments in WAYS.items()
    }
    try:
        yield started
    finally:
        for run in started.values():
            run.terminate()
        for run in started.values():
            run.communicate(timeout=TO_CLEAN_UP)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: "-".join([way[0], *way[1]]).replace("--", ""))
def test_nothing_is_lost_and_nothing_is_done_twice(runs: Runs, way: Way) -> None:
    told, _ = runs[way].communicate(timeout=PATIENCE)
    assert runs[way].returncode == 0, told
