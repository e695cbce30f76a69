"""Everything that can be wrong with a file, before anything of it is stored."""

import json
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import BinaryIO

from adapters.storage.moving import lines
from adapters.storage.moving.lines import TABLES, Document
from adapters.storage.sealing import Wrapping
from domain.booking import Booking
from domain.conversation import Conversation
from domain.errors import ReplyesError
from domain.facts import TOPICS

OURS = TOPICS | {Booking.TOPIC, Conversation.TOPIC}  # a topic that we do not know would be looked for among all modules
NEWER = "this file comes from a newer version ({what}); install that version"

Columns = Mapping[str, AbstractSet[str]]


def check(file: BinaryIO, wrapping: Wrapping, columns: Columns) -> int:
    """Read the file to its end; returns how many facts it has. `columns` are those of the store's own tables. Raises
    ReplyesError, and Misconfigured where ENCRYPTION_KEY does not open its keys. A file that was altered is told to be
    so, whatever else that has made of it."""
    found = lines.documents(file)
    header = next(found, {})
    _check_header(header)
    content, problem = Content(wrapping, columns), None
    for number, document in enumerate(found, 2):
        if problem is None:
            problem = content.problem(document, number)
    if problem is not None:
        raise problem
    if content.facts < header["facts"]:
        raise ReplyesError(f"the file has {content.facts} facts, and should have {header['facts']}; export again")
    return content.facts


def _check_header(header: Document) -> None:
    version, facts = header.get("replyes"), header.get("facts")
    if header.get("kind") != "header" or not isinstance(version, int) or not isinstance(facts, int):
        raise ReplyesError("this is no file that `replyes export` has written")
    if version > lines.VERSION:
        raise ReplyesError(NEWER.format(what=f"format {version}"))
    if header.get("readable") is not False:
        raise ReplyesError("this file was made for people to read, and lacks the keys; export without --readable")


class Content:
    """The documents between header and end, as far as they have been looked at."""

    def __init__(self, wrapping: Wrapping, columns: Columns) -> None:
        self.wrapping = wrapping
        self.columns = columns
        self.facts = 0
        self._position = 0
        self._has_rows = False
        self._tables = list(TABLES)  # those that may still come; the first is the one that is being read

    def problem(self, document: Document, number: int) -> ReplyesError | None:
        """Why the next document, in this line of the file, cannot be stored."""
        try:
            self._take(document)
        except ReplyesError as error:
            return error
        except (KeyError, TypeError, ValueError):
            return ReplyesError(f"line {number} of the file makes no sense; export again")
        return None

    def _take(self, document: Document) -> None:
        if document.get("kind") == "fact" and not self._has_rows:
            self._take_fact(document)
        elif document.get("kind") == "row":
            self._take_row(document)
        else:
            raise ValueError("neither a row, nor a fact before all rows")

    def _take_fact(self, document: Document) -> None:
        position, fact = document["position"], lines.stored(document)
        if position <= self._position or fact.originator_version < 1:
            raise ValueError("not in the log's order")
        state = dict(json.loads(fact.state))
        if unknown := {fact.topic, state.get("originator_topic", Booking.TOPIC)} - OURS:
            raise ReplyesError(NEWER.format(what=unknown.pop()))
        self._position, self.facts = position, self.facts + 1

    def _take_row(self, document: Document) -> None:
        table, cells = document["table"], lines.cells(document)
        if table not in TABLES:
            raise ReplyesError(NEWER.format(what=table))
        self._has_rows, self._tables = True, self._tables[self._tables.index(table) :]
        if unknown := sorted(cells.keys() - self.columns[table]):
            raise ReplyesError(NEWER.format(what=f"{table}.{unknown[0]}"))
        if "sealed_key" in cells:
            self.wrapping.unwrap(cells["sealed_key"], cells[TABLES[table][0]])
