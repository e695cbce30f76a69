"""Is the database as it should be? It is read, and written only with what changes nothing."""

import asyncio
import os
import shutil
import stat
import threading
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from adapters.storage import migrations, opening
from adapters.storage.database import Database
from adapters.storage.sealing import Wrapping
from adapters.storage.views import Views
from domain.checks import Finding, fault, faults, good, unsure
from domain.errors import Misconfigured, StorageAway

MIGRATIONS, CLOCK = "migrations", "clock"  # parts of their own
LEAST_FREE = 200_000_000  # bytes
FAR_OFF = timedelta(seconds=60)
OLDEST_SERVER = 13
OTHERWISE = "correct DATABASE_URL, or bring back a backup"
KIND = "SELECT value FROM installation WHERE name = 'kind'"
SECRETS = "SELECT name, sealed_key FROM store_secrets"
NOW = "SELECT {now} AS now"
VERSION = "SELECT current_setting('server_version_num') AS version"

T = TypeVar("T")


async def check(
    url: str, encryption_key: str, clock: Callable[[], datetime], clinics: Collection[str] = ()
) -> AsyncIterator[Finding]:
    """A database that is not there yet is not made. `clinics` are those that the settings know."""
    if opening.is_file(url):
        path = Path(opening.file_of(url))
        is_there, place = _place(path)
        for finding in place:
            yield finding
        if not is_there:
            return
    try:
        due = await _aside(lambda: migrations.look(url))
    except Misconfigured as error:
        for finding in faults(error.faults, OTHERWISE):
            yield finding
        return
    yield good(f"{opening.schema(url).name} can be read and written")
    yield _migrations(url, due)
    if not due:
        async for finding in _inside(url, encryption_key, clock, clinics):
            yield finding


def _place(path: Path) -> tuple[bool, list[Finding]]:
    """Whether there is a file, and what there is to say of it, or of the folder where it will be."""
    folder = path.absolute().parent
    while not folder.exists():
        folder = folder.parent
    found, is_there = [], path.exists()
    if not is_there:
        if os.access(folder, os.W_OK):
            found.append(unsure(f"there is no database {path} yet", "`replyes serve` or `replyes migrate` makes it"))
        else:
            found.append(fault(f"{path} cannot be made in {folder}", "name another place in DATABASE_URL"))
    elif path.stat().st_mode & stat.S_IROTH:
        found.append(fault(f"everybody on this machine can read {path}", f"chmod 600 {path}"))
    if (free := shutil.disk_usage(folder).free) < LEAST_FREE:
        found.append(fault(f"its disk has only {free // 1_000_000} MB left", "make room: a full disk refuses webhooks"))
    return is_there, found


def _migrations(url: str, due: list[str]) -> Finding:
    if not due:
        return good("all are applied", MIGRATIONS)
    if opening.is_file(url):
        return unsure(f"{len(due)} are due", "`replyes serve` applies them when it starts", MIGRATIONS)
    return fault(f"{len(due)} are due", "run: replyes migrate", MIGRATIONS)


async def _inside(
    url: str, encryption_key: str, clock: Callable[[], datetime], clinics: Collection[str]
) -> AsyncIterator[Finding]:
    try:
        database = await _aside(lambda: opening.database(url))
    except Misconfigured as error:
        for finding in faults(error.faults, OTHERWISE):
            yield finding
        return
    try:
        for finding in [*await _contents(database, encryption_key), *await _left(database, clinics)]:
            yield finding
        if not database.path:
            yield await _server(database)
            yield await _clock(database, clock)
    except StorageAway as error:
        yield fault(str(error), "start the database, or look at its log")
    finally:
        await database.close()


async def _contents(database: Database, encryption_key: str) -> list[Finding]:
    """Whether it is a service's, and whether ENCRYPTION_KEY is the one that it was sealed with."""
    found = []
    if any(row["value"] == "sandbox" for row in await database.read(KIND)):
        found.append(fault(f"{database.name} belongs to a sandbox", "name another one in DATABASE_URL"))
    wrapping = Wrapping(encryption_key)
    try:
        for row in await database.read(SECRETS):
            wrapping.unwrap(row["sealed_key"], row["name"])
    except Misconfigured as error:
        found += faults(error.faults, OTHERWISE)
    return found


async def _left(database: Database, clinics: Collection[str]) -> list[Finding]:
    """Clinics that have bookings here and no settings any more."""
    left = [key for key in await Views(database).clinics() if clinics and key not in clinics]
    cure = "put its table back into CLINICS_FILE, unless the clinic has left"
    return [
        unsure(f"clinic {key} has bookings, and the settings do not know it: nothing is done", cure) for key in left
    ]


async def _server(database: Database) -> Finding:
    version = int((await database.read(VERSION))[0]["version"]) // 10_000
    if version < OLDEST_SERVER:
        return fault(f"the server is PostgreSQL {version}", f"use PostgreSQL {OLDEST_SERVER} or newer")
    return good(f"the server is PostgreSQL {version}")


async def _clock(database: Database, clock: Callable[[], datetime]) -> Finding:
    """Leases and due dates follow the database's clock."""
    before = clock()
    now = datetime.fromtimestamp((await database.read(NOW))[0]["now"] / 1000, before.tzinfo)
    off = now - (before + (clock() - before) / 2)
    if abs(off) > FAR_OFF:
        told = f"the database's clock is {abs(off).total_seconds():.0f} s {'ahead' if off > timedelta() else 'behind'}"
        return fault(told, "let both machines set their clocks by the network (timedatectl set-ntp true)", CLOCK)
    return good("the database's clock agrees with this machine's", CLOCK)


async def _aside(work: Callable[[], T]) -> T:
    """What blocks, on a thread that nobody waits for at the end: a server that is frozen must not hold up the rest."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: Exception | None) -> None:
        if done.cancelled():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(result)  # type: ignore[arg-type]

    def run() -> None:
        result, problem = None, None
        try:
            result = work()
        except Exception as error:
            problem = error
        with suppress(RuntimeError):  # the loop is closed: nobody listens any more
            loop.call_soon_threadsafe(settle, result, problem)

    threading.Thread(target=run, daemon=True).start()
    return await done
