"""Run every contest and print one line for each."""

import asyncio
import os
import platform
import sqlite3
import tempfile
from pathlib import Path
from time import perf_counter

from bench.contest import ROUNDS, Result, contest
from bench.storage import Arena, arena

CONTESTS = {
    "webhook: the commit alone": Arena.commits,
    "webhook: decide and append": Arena.receives,
    "reply: decide and append": Arena.hears,
}
CLIENTS = {1: 40, 64: 256}  # requests at the same time, and how many make one heat

HEAD = f"""\
Group commit against one transaction for each request, in the same SQLite file. Requests per second, the medians of up
to {ROUNDS} rounds in turns. The ratio is what counts: the numbers are noise of this machine and this moment.
Python {platform.python_version()}, SQLite {sqlite3.sqlite_version} with synchronous=FULL, {os.cpu_count()} processors.

                               clients   group commit   one for each   ratio (worst to best round)"""


async def main() -> None:
    started = perf_counter()
    print(HEAD, flush=True)
    with tempfile.TemporaryDirectory(prefix="replyes-bench-") as folder:
        async with arena(Path(folder) / "bench.db") as here:
            for name, heat in CONTESTS.items():
                for clients, requests in CLIENTS.items():
                    result = await contest(heat.__get__(here), clients, requests)
                    print(_line(name, clients, result), flush=True)
    print(f"\n{perf_counter() - started:.0f} s in all")


def _line(name: str, clients: int, result: Result) -> str:
    rates = f"{result.ours:>15.0f}{result.others:>15.0f}"
    return f"{name:<31}{clients:>7}{rates}{result.ratio:>8.1f} ({result.lowest:.1f} to {result.highest:.1f})"


asyncio.run(main())
