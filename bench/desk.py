"""The staff's pages at a big clinic: what each costs the server, and how the database looks for what it shows.

    python -m bench desk [--stored 1000000] [--sqlite 100000] [--few 10000] [--rounds 30]

Milliseconds of whole pages, through the real web application in this process, signed in. `few` is the same clinic when
it was young: it had as many bookings a day, and fewer days.
"""

import argparse
import asyncio
import logging
import random
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from typing import Any
from urllib.parse import quote, urlencode

import httpx
from starlette.types import ASGIApp, Message

from adapters.storage.database import Write
from bench import clinic
from bench.many import begin, multiply, size_of, written
from bench.people import RARE
from bench.plans import Listening, faults, is_scan, shown, title
from entrypoints.desk.app import open_desk
from entrypoints.settings import DeskSettings
from entrypoints.web import app
from entrypoints.wiring import Service, clock
from tests.databases import KINDS, another_process, empty_database
from tests.entrypoints.conftest import PUBLIC_URL, Outside, opened

PASSWORD = "correct horse battery"
WARM_UP = 12  # rounds: PostgreSQL settles for a plan after ten
SLOW, MUCH_SLOWER, SLOW_AT_ALL = 100.0, 3.0, 10.0  # milliseconds, times, milliseconds
COLUMNS = f"{'':<36}{'few':>9}{'many':>9}{'p95':>9}{'ratio':>8}{'reads':>7}"

Visit = Callable[[], Awaitable[int]]


@dataclass(frozen=True)
class Place:
    """One clinic with its desk. `pages` by their names."""

    url: str
    service: Service
    pages: Mapping[str, Visit]


# -- The pages --------------------------------------------------------------------------------------------------------


def paths(url: str) -> dict[str, str]:
    """The addresses, with what stands in this database."""
    with another_process(url) as ask:
        return {**_lists(ask), **_searches(ask), **_others()}


def _lists(ask: Callable[..., Any]) -> dict[str, str]:
    midnight = int(clock().replace(hour=0, minute=0, second=0, microsecond=0).timestamp() * 1000)
    day = f"clinic = 'main' AND starts_at >= {midnight} AND starts_at < {midnight + clinic.DAY}"
    noon = _mark(ask, f"starts_at, stream FROM bookings WHERE {day}", "starts_at, stream")
    deep = _mark(ask, "starts_at, stream FROM bookings", "starts_at DESC, stream DESC")
    open_one = _mark(ask, "at, stream, version FROM staff_inbox WHERE care <> 'done'", "at, stream, version")
    done = _mark(ask, "cared_at, stream, version FROM staff_inbox WHERE care = 'done'", "cared_at DESC, stream DESC")
    return {
        "Today": "/",
        "Today, further down": f"/?after={noon}",
        "Today, needs you": "/?show=needs_you",
        "Today, confirmed": "/?show=confirmed",
        "A day long ago": f"/?day={(clock() - timedelta(days=3)).date()}",
        "Inbox": "/inbox",
        "Inbox, one kind": "/inbox?kind=opted_out",
        "Inbox, no item of this kind": "/inbox?kind=no_phone",
        "Inbox, further down": f"/inbox?after={open_one}",
        "Inbox, done": "/inbox?kind=done",
        "Inbox, done, further down": f"/inbox?kind=done&after={done}",
        "Bookings": "/bookings",
        "Bookings, waiting": "/bookings?state=sms_sent",
        "Bookings, further down": f"/bookings?after={deep}",
        "Bookings, confirmed, further down": f"/bookings?state=confirmed&after={deep}",
    }


def _mark(ask: Callable[..., Any], what: str, order: str) -> str:
    """The row in the middle of a list, as a link names it."""
    rows = ask(f"SELECT count(*) FROM (SELECT {what}) AS listed")[0][0]
    at, stream, *version = ask(f"SELECT {what} ORDER BY {order} LIMIT 1 OFFSET {rows // 2}")[0]
    return quote(f"{at}~{version[0] if version else 0}~{stream}")


def _searches(ask: Callable[..., Any]) -> dict[str, str]:
    uid, phone = ask("SELECT uid, phone FROM bookings WHERE uid LIKE '1%' ORDER BY stream LIMIT 1")[0]
    words = {
        "a rare name": RARE,
        "a common beginning": "mar",
        "one letter": "m",
        "a family name": "garcía",
        "a name with a state": "maria",
        "last 4 digits": phone[-4:],
        "a whole number": phone,
        "an ID": uid,
        "no match": "zzzyx",
    }
    asked = {name: {"q": typed} | ({"state": "expired"} if "state" in name else {}) for name, typed in words.items()}
    return {f"Search: {name}": f"/bookings?{urlencode(query)}" for name, query in asked.items()}


def _others() -> dict[str, str]:
    last = f"long{clinic.LONG_PHONE_BOOKINGS - 1}"
    return {
        "Booking": "/bookings/usual",
        "Booking, at step 3": "/bookings/usual?step=3",
        "Booking, a long history": f"/bookings/{last}",
        "Booking, a long history, at step 3": f"/bookings/{last}?step=3",
        "Numbers": "/numbers",
        "Numbers, 52 weeks": "/numbers?weeks=52",
        "Numbers, a plot": "/numbers/outcomes.svg?weeks=52",
        "Numbers, CSV": "/numbers.csv?weeks=52",
        "Errands": "/errands",
        "Errands, dead": "/errands?which=dead",
        "Errands, in doubt": "/errands?which=in_doubt",
    }


# -- Visits -----------------------------------------------------------------------------------------------------------


async def visited(web: ASGIApp, path: str, cookie: str) -> int:
    """Ask for a page as a browser does, without a network. Returns the status."""
    target, _, query = path.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "https",
        "path": target,
        "raw_path": target.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(b"host", PUBLIC_URL.encode().partition(b"//")[2]), (b"cookie", cookie.encode())],
        "client": ("203.0.113.7", 4000),
        "server": ("testserver", 443),
    }
    said: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        said.append(message)

    await web(scope, receive, send)
    return int(said[0]["status"])


async def signed_in(web: ASGIApp) -> str:
    """The cookie of somebody who has signed in."""
    transport = httpx.ASGITransport(web)
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL, trust_env=False) as client:
        await client.post("/sign-in", data={"name": "Ana", "password": PASSWORD}, headers={"origin": PUBLIC_URL})
        return "; ".join(f"{name}={value}" for name, value in client.cookies.items())


@asynccontextmanager
async def filled(kind: str, folder: Path, stored: int, writes: Sequence[Write]) -> AsyncIterator[Place]:
    """A clinic with this many bookings, open for its staff."""
    with tempfile.TemporaryDirectory(dir=folder) as own, empty_database(kind, Path(own)) as url:
        await begin(url, writes)
        started, now = perf_counter(), clock()
        multiply(url, clinic.counts(stored), clinic.copies(stored, now), clinic.prepared(stored, now))
        clinic.check(url)
        print(f"{kind}: {stored:,} bookings, {size_of(url)}, stored in {perf_counter() - started:.0f} s", flush=True)
        async with opened(url, Outside()) as service:
            desk = await open_desk(service, DeskSettings(PASSWORD, PUBLIC_URL), asyncio.Event())
            web = app.build(service, desk.routes())
            yield Place(url, service, await _pages(web, service, paths(url)))


async def _pages(web: ASGIApp, service: Service, paths: Mapping[str, str]) -> dict[str, Visit]:
    """Those that are there."""
    cookie, pages = await signed_in(web), {}
    for name, path in paths.items():
        status = await visited(web, path, cookie)
        if status in (200, 303) and not path.startswith("/sign-in"):
            pages[name] = lambda path=path: visited(web, path, cookie)  # type: ignore[misc]
        else:
            print(f"    {name}: {path} answers {status}", flush=True)

    async def position() -> int:
        return await service.store.views.position()

    return {**pages, "Events: the log's position": position}


# -- The contest ------------------------------------------------------------------------------------------------------


async def timed(few: Place, many: Place, rounds: int) -> dict[str, tuple[list[float], list[float]]]:
    """Milliseconds at both places, in an order that is another one in every round."""
    visits = [(name, side) for name in many.pages if name in few.pages for side in (0, 1)]
    found: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name, _ in visits}
    chance = random.Random(5)
    for number in range(WARM_UP + rounds):
        chance.shuffle(visits)
        for name, side in visits:
            started = perf_counter()
            await (few, many)[side].pages[name]()
            if number >= WARM_UP:
                found[name][side].append(1000 * (perf_counter() - started))
    return found


def line(name: str, few: Sequence[float], many: Sequence[float], reads: int) -> str:
    """Of the table; a star where that is slow."""
    usual, ours = median(few), median(many)
    late = quantiles(many, n=20, method="inclusive")[-1] if len(many) > 1 else ours
    is_slow = late > SLOW or (ours > MUCH_SLOWER * usual and ours > SLOW_AT_ALL)
    return f"{name:<36}{usual:>9.1f}{ours:>9.1f}{late:>9.1f}{ours / usual:>8.1f}{reads:>7}{' *' if is_slow else ''}"


async def explained(place: Place) -> tuple[dict[str, int], list[str]]:
    """How many statements each page runs, and what is wrong with their plans."""
    reads, told, known = {}, [], set()
    for name, visit in place.pages.items():
        with Listening(place.service.store.database) as asked:
            await visit()
        reads[name] = asked.times
        for sql, parameters in asked.statements.items():
            if found := [fault for fault in faults(place.url, sql, parameters) if (sql, fault) not in known]:
                known |= {(sql, fault) for fault in found}
                told += [f"{name}: {title(sql)}", f"    {shown(parameters)}", *(f"    {fault}" for fault in found)]
    return reads, told


async def explained_with_statistics(place: Place) -> list[str]:
    """SQLite has none unless somebody runs ANALYZE, as nothing of ours does; it must be well with them too."""
    with another_process(place.url) as ask:
        ask("ANALYZE")
    return [f"with statistics: {one}" for one in (await explained(place))[1]]


async def compared(kind: str, folder: Path, options: argparse.Namespace, writes: Sequence[Write]) -> bool:
    """Print the table of one kind of database. Returns whether no plan scans."""
    stored = options.sqlite if kind == "sqlite" else options.stored
    async with AsyncExitStack() as stack:
        few, many = [
            await stack.enter_async_context(filled(kind, folder, size, writes)) for size in (options.few, stored)
        ]
        reads, told = await explained(many)
        found = await timed(few, many, options.rounds)
        told += await explained_with_statistics(many) if kind == "sqlite" else []
    print(f"\n{f'{kind}: {options.few:,} and {stored:,}':<36}{COLUMNS[36:]}")
    print("\n".join(line(name, *times, reads[name]) for name, times in found.items()))
    print("\n".join(["", *(told or [f"{kind}: every plan goes along an index"]), ""]), flush=True)
    return not any(map(is_scan, told))


async def run(options: argparse.Namespace) -> bool:
    """Returns whether no plan scans."""
    started = perf_counter()
    with tempfile.TemporaryDirectory(prefix="replyes-bench-") as name:
        writes = await written(clinic.works(), Path(name))
        found = [await compared(kind, Path(name), options, writes) for kind in options.database]
    print(f"{perf_counter() - started:.0f} s in all")
    return all(found)


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser("python -m bench desk", description=__doc__)
    parser.add_argument("--stored", type=int, default=1_000_000, help="bookings on PostgreSQL")
    parser.add_argument("--sqlite", type=int, default=100_000, help="bookings on SQLite")
    parser.add_argument("--few", type=int, default=10_000, help="bookings in the small databases")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--database", choices=KINDS, action="append", help="only this kind")
    options = parser.parse_args(arguments)
    options.database = options.database or KINDS
    logging.disable(logging.WARNING)
    if not asyncio.run(run(options)):
        raise SystemExit("a plan walks through a table that grows with the bookings")
