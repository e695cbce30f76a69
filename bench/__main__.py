"""Run every contest and print one line for each. Others run by name only: `python -m bench expiry` and `desk` take
longer, and `python -m bench understanding FILE` needs a list of texts."""

import asyncio
import os
import platform
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

from adapters.storage import opening
from bench.contest import ROUNDS, Result, contest
from bench.storage import Arena, arena
from tests.databases import Server, column

CONTESTS = {
    "webhook: the commit alone": Arena.commits,
    "webhook: decide and append": Arena.receives,
    "reply: decide and append": Arena.hears,
}
CLIENTS = {1: 40, 64: 256}  # requests at the same time, and how many make one heat

HEAD = f"""\
Group commit against one transaction for each request, in the same database. Requests per second, the medians of up to
{ROUNDS} rounds in turns. The ratio is what counts: the numbers are noise of this machine and this moment.
Python {platform.python_version()}, {os.cpu_count()} processors; every commit is synced to the disk."""
COLUMNS = "clients   group commit   one for each   ratio (worst to best round)"


async def main() -> None:
    started = perf_counter()
    print(HEAD, flush=True)
    with a_file() as url:
        await contests(f"SQLite {sqlite3.sqlite_version}", url)
    with a_server() as url:
        await contests(f"PostgreSQL {column(url, 'SHOW server_version')[0]}", url)
    print(f"\n{perf_counter() - started:.0f} s in all")


@contextmanager
def a_file() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="replyes-bench-") as folder:
        yield f"{opening.SQLITE}{Path(folder) / 'bench.db'}"


@contextmanager
def a_server() -> Iterator[str]:
    """On this machine: the way to a real one takes longer, and then group commit saves more."""
    server = Server(settings="")
    try:
        yield server.url()
    finally:
        server.remove()


async def contests(name: str, url: str) -> None:
    print(f"\n{name:<31}{COLUMNS}", flush=True)
    async with arena(url) as here:
        for title, heat in CONTESTS.items():
            for clients, requests in CLIENTS.items():
                result = await contest(heat.__get__(here), clients, requests)
                print(_line(title, clients, result), flush=True)


def _line(title: str, clients: int, result: Result) -> str:
    rates = f"{result.ours:>15.0f}{result.others:>15.0f}"
    return f"{title:<31}{clients:>7}{rates}{result.ratio:>8.1f} ({result.lowest:.1f} to {result.highest:.1f})"


if sys.argv[1:2] == ["expiry"]:
    from bench import expiry

    expiry.main(sys.argv[2:])
elif sys.argv[1:2] == ["desk"]:
    from bench import desk

    desk.main(sys.argv[2:])
elif sys.argv[1:2] == ["understanding"]:
    from bench import understanding

    understanding.main(sys.argv[2:])
else:
    asyncio.run(main())
