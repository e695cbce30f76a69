"""How a database looks for what a page asks for: a table that grows with the bookings must never be walked through."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import psycopg

from adapters.storage import opening, postgresql, sqlite
from adapters.storage.database import Database, Row
from tests.databases import another_process

GROWING = (
    *("bookings", "stored_events", "staff_inbox", "staff_inbox_bookings", "outbox", "sent_texts", "conversations"),
    *("heard_messages", "patient_keys"),
)
SCAN = re.compile(rf"\bSCAN (?:{'|'.join(GROWING)}|about|mine)\b")
ALL_OF_A_CLINIC = re.compile(r"\bSEARCH bookings USING .*\(clinic=\?\)$")
MANY_ROWS = 5000  # a step that touches no more is well: a day, a search; a small table is read fastest as a whole
FIRST_LINE = 90  # characters


@dataclass
class Asked:
    """The statements that were read meanwhile, with the parameters of the first time."""

    statements: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    times: int = 0


class Listening:
    """Keeps what is asked of a database."""

    def __init__(self, database: Database) -> None:
        self._database, self._read = database, database.read
        self.asked = Asked()

    def __enter__(self) -> Asked:
        async def read(sql: str, **parameters: Any) -> list[Row]:
            self.asked.times += 1
            self.asked.statements.setdefault(sql, parameters)
            return await self._read(sql, **parameters)

        self._database.read = read  # type: ignore[method-assign]
        return self.asked

    def __exit__(self, *_: object) -> None:
        self._database.read = self._read  # type: ignore[method-assign]


def faults(url: str, sql: str, parameters: Mapping[str, Any]) -> list[str]:
    """What is wrong with the plans of this statement: scans; and, on PostgreSQL, long walks along an index."""
    if opening.is_file(url):
        lines = sqlite_plan(url, sql, parameters)
        scans = [line for line in lines if SCAN.search(line) or ALL_OF_A_CLINIC.search(line)]
        return [f"SCAN: {line}" for line in scans if not _walks(line, sql)]
    return list(_measured(url, sql, parameters))


def is_scan(fault: str) -> bool:
    """Whether that must not be; a long walk is told only."""
    return "SCAN" in fault or "Seq Scan" in fault


def _walks(line: str, sql: str) -> bool:
    """Along an index in its order, until a page is full."""
    return "USING" in line and "LIMIT :" in sql


def sqlite_plan(url: str, sql: str, parameters: Mapping[str, Any]) -> list[str]:
    """Its lines."""
    with another_process(url) as ask:
        return [row[3] for row in ask(f"EXPLAIN QUERY PLAN {_positional(sql)}", *_values(sql, parameters))]


def _measured(url: str, sql: str, parameters: Mapping[str, Any]) -> Iterator[str]:
    """PostgreSQL runs it, and tells how many rows each step has touched: with a plan for these parameters, and with the
    one for any, to which it may go over when a statement has run a few times."""
    numbered, names = _numbered(postgresql.spelled(sql))
    values = ", ".join(_literal(parameters[name]) for name in names)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"PREPARE one AS {numbered}".encode(), prepare=False)
        for mode in ("force_custom_plan", "force_generic_plan"):
            connection.execute(f"SET plan_cache_mode = {mode}".encode())
            run = f"EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE one{f'({values})' if values else ''}"
            row = connection.execute(run.encode()).fetchone()
            yield from _judged(row[0][0]["Plan"] if row else {}, mode)


def _judged(plan: Mapping[str, Any], mode: str) -> Iterator[str]:
    for step in _steps(plan):
        table, rows = step.get("Relation Name"), _touched(step)
        if table in GROWING and rows > MANY_ROWS:
            yield f"{step['Node Type']} on {table}: {rows:,.0f} rows, {step.get('Index Name', 'no index')} ({mode})"


def _touched(step: Mapping[str, Any]) -> float:
    dropped = step.get("Rows Removed by Filter", 0) + step.get("Rows Removed by Index Recheck", 0)
    return float((step["Actual Rows"] + dropped) * step["Actual Loops"])


def _steps(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for inner in plan.get("Plans", []):
        yield from _steps(inner)


def _numbered(spelled: str) -> tuple[str, list[str]]:
    names = list(dict.fromkeys(re.findall(r"%\((\w+)\)s", spelled)))
    return re.sub(r"%\((\w+)\)s", lambda found: f"${names.index(found[1]) + 1}", spelled).replace("%%", "%"), names


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"


def _positional(sql: str) -> str:
    return re.sub(r"(?<![:\w]):\w+", "?", sqlite.spelled(sql))


def _values(sql: str, parameters: Mapping[str, Any]) -> list[Any]:
    return [parameters[name] for name in re.findall(r"(?<![:\w]):(\w+)", sqlite.spelled(sql))]


def title(sql: str) -> str:
    """A statement in one line."""
    return " ".join(sql.split())[:FIRST_LINE]


def shown(parameters: Mapping[str, Any]) -> str:
    return json.dumps(parameters, ensure_ascii=False, default=str)
