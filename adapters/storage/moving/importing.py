"""A file's content, into an empty store.

A mark lies in the store until everything is there. While it does, nothing else begins to work on that store, and an
import that finds the mark of one that broke off empties the tables and begins anew. The mark names its run, and each
batch proves that it is still there: of two imports at the same time, one ends.
"""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import BinaryIO

from adapters.storage import migrations, opening
from adapters.storage.database import Database, Statement, Write
from adapters.storage.group_commit import GroupCommit
from adapters.storage.moving import lines
from adapters.storage.moving.lines import TABLES, Document
from adapters.storage.replay import COUNT
from adapters.storage.scratch import VIEWS
from domain.errors import ClaimLost, Conflict, ReplyesError

BATCH = 1000  # lines

ANY_FACT = "SELECT 1 AS one FROM stored_events LIMIT 1"
TAKE_OVER = "UPDATE installation SET value = :run WHERE name = 'importing' RETURNING name"
MARK = "INSERT INTO installation VALUES ('importing', :run)"
OTHER_MARKS = "DELETE FROM installation WHERE name <> 'importing'"
EMPTY = "DELETE FROM {table}"
# So that another export has the same positions; those of an empty SQLite table begin at 1 by themselves.
FROM_1 = {"postgresql": "ALTER SEQUENCE stored_events_notification_id_seq RESTART"}
STILL_OURS = "UPDATE installation SET value = value WHERE name = 'importing' AND value = :run RETURNING name"
UNMARK = "DELETE FROM installation WHERE name = 'importing' AND value = :run RETURNING name"
COLUMNS = "SELECT {table}.* FROM (SELECT 1 AS one) AS anything LEFT JOIN {table} ON 1 = 0"  # one row, whatever there is
ADD = "INSERT INTO {table} ({columns}) VALUES ({values})"

SOMEBODY_ELSE = "something else writes to this database; stop it, and import again"


def begin(url: str) -> str:
    """Mark the store, and empty it of what an earlier import has left; returns the run. Raises ReplyesError where there
    are facts of another origin."""
    schema, run = opening.schema(url), secrets.token_hex(8)
    with schema.alone() as session:
        if not session.run(TAKE_OVER, run=run):
            if session.run(ANY_FACT):
                raise _in_use(schema.name)
            session.run(MARK, run=run)
        for table in ("stored_events", *VIEWS, *(table for table in TABLES if table != "installation")):
            session.run(EMPTY.replace("{table}", table))
        session.run(OTHER_MARKS)
        if schema.dialect in FROM_1:
            session.run(FROM_1[schema.dialect])
    return run


async def refuse_a_used_store(database: Database) -> None:
    """Before anything is done that takes long. Raises ReplyesError."""
    if await database.read(ANY_FACT) and not await database.read(migrations.HALF):
        raise _in_use(database.name)


async def columns(database: Database) -> dict[str, set[str]]:
    """Those of each table that a file may fill."""
    return {table: set((await database.read(COLUMNS.replace("{table}", table)))[0]) for table in TABLES}


class Import:
    """One run, over a file that has been checked, and has so many facts."""

    def __init__(self, database: Database, commits: GroupCommit, run: str, facts: int) -> None:
        self.database = database
        self.commits = commits
        self.run = run
        self.facts = facts

    async def store(self, file: BinaryIO, tell: Callable[[int], None]) -> None:
        """Everything in the file, and in its order; tells how many more lines are stored. Raises Conflict where
        somebody else writes to the store."""
        documents = lines.documents(file)
        next(documents)  # the header
        while some := list(islice(documents, BATCH)):
            with told_what_to_do():
                await self.commits.commit(self._write(some))
            tell(len(some))
        await self._has_just_these()

    async def finish(self) -> None:
        """The store may be used from now on."""
        await self._has_just_these()
        with told_what_to_do():
            await self.commits.commit(Write(statements=[Statement(UNMARK, {"run": self.run}, must_match=True)]))

    async def _has_just_these(self) -> None:
        if (await self.database.read(COUNT))[0]["facts"] != self.facts:
            raise Conflict(SOMEBODY_ELSE)

    def _write(self, documents: list[Document]) -> Write:
        facts = [lines.stored(document) for document in documents if document["kind"] == "fact"]
        added = [_added(document) for document in documents if document["kind"] == "row"]
        return Write(facts, [Statement(STILL_OURS, {"run": self.run}, must_match=True), *added])


def _in_use(name: str) -> ReplyesError:
    return ReplyesError(f"{name} has facts already; import into an empty database")


@contextmanager
def told_what_to_do() -> Iterator[None]:
    """Whatever goes wrong with the file's content is told as one fault. Raises ReplyesError."""
    try:
        yield
    except (ClaimLost, Conflict) as error:
        raise Conflict(SOMEBODY_ELSE) from error
    except ReplyesError:
        raise
    except Exception as error:  # what a driver says may quote the row
        raise ReplyesError(f"the database does not take what is in the file ({type(error).__name__})") from error


def _added(document: Document) -> Statement:
    """The names of table and columns have been checked against the database's own. An errand that somebody had in hand
    is in nobody's here."""
    table, cells = document["table"], lines.cells(document)
    if "lease_until" in cells:
        cells["lease_until"] = 0
    sql = ADD.replace("{table}", table).replace("{columns}", ", ".join(cells))
    return Statement(sql.replace("{values}", ", ".join(f":{name}" for name in cells)), cells)
