"""The file: one JSON document in each line, in UTF-8.

    header  {"replyes": 1, "kind": "header", "exported_at": ISO, "facts": so many at the beginning, "readable": false}
    fact    {"kind": "fact", "position": 1, "stream": …, "version": 1, "topic": …, "state": {…}}, in the log's order
    row     {"kind": "row", "table": …, "row": {…}} of what is not in the log and cannot be computed from it
    end     {"kind": "end", "lines": so many before this one, "sha256": of their bytes}

Private values stay sealed, and keys are as their tables keep them: wrapped by ENCRYPTION_KEY where that is set. Bytes
are {"base64": …}. A state whose bytes are not what we would write for it is a "state_base64".
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any, BinaryIO

from eventsourcing.persistence import StoredEvent

from adapters.storage.database import Row
from domain.errors import ReplyesError

VERSION = 1
# With their primary keys, in the order in which they stand in a file.
TABLES = {
    "patient_keys": ("owner",),
    "store_secrets": ("name",),
    "installation": ("name",),
    "outbox": ("errand",),
    "channels": ("clinic", "channel"),
    "turns": ("job",),
}

Document = Mapping[str, Any]


class Sheet:
    """A file that is being written."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._digest = sha256()
        self._lines = 0

    def write(self, document: Document) -> None:
        self.add(encoded(document) + b"\n")

    def add(self, line: bytes) -> None:
        """A line as it is."""
        self._file.write(line)
        self._digest.update(line)
        self._lines += 1

    def head(self, at: datetime, facts: int, *, readable: bool) -> None:
        """The first line."""
        moment = at.isoformat().replace("+00:00", "Z")
        head = {"replyes": VERSION, "kind": "header", "exported_at": moment, "facts": facts, "readable": readable}
        self.write(head)

    def end(self) -> None:
        """The last line."""
        self.write(_end(self._lines, self._digest.hexdigest()))


def documents(file: BinaryIO) -> Iterator[Document]:
    """What stands in the lines before the last, from the file's beginning; {} for a line that is no document. Raises
    ReplyesError at the end where a line was lost or altered."""
    file.seek(0)
    digest = sha256()
    for lines, line in enumerate(file):
        found = _decoded(line)
        if found.get("kind") == "end":
            if found != _end(lines, digest.hexdigest()) or file.read(1):
                raise ReplyesError("the file was altered after its export; take another copy of it, or export again")
            return
        digest.update(line)
        yield found
    raise ReplyesError("the file has lost its end; take another copy of it, or export again")


def fact(row: Row) -> Document:
    """A row of the log as a document."""
    names = {"stream": row["originator_id"], "version": row["originator_version"], "topic": row["topic"]}
    return {"kind": "fact", "position": row["position"], **names, **_state(bytes(row["state"]))}


def stored(document: Document) -> StoredEvent:
    """The fact as the log keeps it. Raises ValueError, TypeError or KeyError where the document is no fact."""
    state = encoded(document["state"]) if "state" in document else b64decode(document["state_base64"], validate=True)
    stream, version, topic = document["stream"], document["version"], document["topic"]
    if not (isinstance(stream, str) and isinstance(version, int) and isinstance(topic, str)):
        raise TypeError("the fact's place in the log is none")
    return StoredEvent(stream, version, topic, state)


def row(table: str, found: Row) -> Document:
    """A row of a table as a document."""
    return {"kind": "row", "table": table, "row": {name: _cell(value) for name, value in found.items()}}


def cells(document: Document) -> dict[str, Any]:
    """The row as its table keeps it. Raises ValueError, TypeError or KeyError where the document is no row."""
    return {name: _value(cell) for name, cell in dict(document["row"]).items()}


def encoded(document: object) -> bytes:
    """As the log writes JSON."""
    return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def _decoded(line: bytes) -> Document:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _end(lines: int, digest: str) -> Document:
    return {"kind": "end", "lines": lines, "sha256": digest}


def _state(found: bytes) -> dict[str, Any]:
    try:
        state = json.loads(found)
        if encoded(state) == found:
            return {"state": state}
    except (ValueError, RecursionError):
        pass
    return {"state_base64": b64encode(found).decode()}


def _cell(value: object) -> object:
    return {"base64": b64encode(value).decode()} if isinstance(value, bytes) else value


def _value(cell: object) -> object:
    if isinstance(cell, dict):
        return b64decode(cell["base64"], validate=True)
    if cell is None or (isinstance(cell, str | int) and not isinstance(cell, bool)):
        return cell
    raise TypeError(f"{type(cell).__name__} has no place in a table")
