"""A row of a view that is not what the log says, and the statements that put it right.

They go in one commit with the proof that the row is still the one that was looked at, and that nothing new has happened
in its stream; where that is no longer so, nothing is changed, and it is looked at again.
"""

from dataclasses import dataclass
from typing import Any

from adapters.storage.database import Row, Statement
from adapters.storage.scratch import Key, View
from domain.conversation_facts import Heard

REMOVE = "DELETE FROM {view} WHERE {values} AND {proof} RETURNING {key}"
ADD = "INSERT INTO {view} ({columns}) SELECT {values} WHERE {proof} ON CONFLICT DO NOTHING RETURNING {key}"
# A carrier's id belongs to one text: a row that has taken it from this one is wrong itself, and has its own turn.
FREE_THE_ID = "DELETE FROM sent_texts WHERE message_id = :message_id AND message_id <> '' AND errand <> :errand"

NOTHING_NEW = "coalesce((SELECT max(originator_version) FROM stored_events WHERE originator_id = :of), 0) = :told"
NOTHING_HEARD = "NOT EXISTS (SELECT 1 FROM stored_events WHERE {position} > :read_to AND topic = :topic)"
HEARD = "heard_messages"
ALWAYS = "1 = 1"  # a message that was heard once was heard for ever


@dataclass(frozen=True)
class Difference:
    """A row as it was `found` in the live view, and as it should be; None is "no row"."""

    view: View
    key: Key
    found: Row | None
    rebuilt: Row | None

    @property
    def columns(self) -> list[str]:
        """Those that differ, where there are both rows."""
        if self.found is None or self.rebuilt is None:
            return []
        return [column for column in self.view.columns if self.found[column] != self.rebuilt[column]]

    @property
    def streams(self) -> set[str]:
        """Whose facts could change the row; none for a view that keeps no stream."""
        return {row["stream"] for row in (self.found, self.rebuilt) if row is not None and "stream" in row}

    def put_right(self, told: dict[str, int], read_to: int) -> list[Statement]:
        """The row that was found goes, the rebuilt one comes. `told` is the newest version that the rebuilt views know
        of each of the `streams`, `read_to` the position up to which they know the log."""
        statements = []
        if self.rebuilt is not None and self.view.name == "sent_texts":
            statements.append(Statement(FREE_THE_ID, self.rebuilt))
        if self.found is not None:
            same = " AND ".join(_equals(name, value) for name, value in self.found.items())
            statements.append(self._statement(REMOVE, same, self.found, told, read_to))
        if self.rebuilt is not None:
            values = ", ".join(f":{column}" for column in self.view.columns)
            statements.append(self._statement(ADD, values, self.rebuilt, told, read_to))
        return statements

    def _statement(self, sql: str, values: str, row: Row, told: dict[str, int], read_to: int) -> Statement:
        proof, parameters = ALWAYS, dict[str, Any]()
        if "stream" in row:
            proof, parameters = NOTHING_NEW, {"of": row["stream"], "told": told[row["stream"]]}
        elif sql is REMOVE and self.view.name == HEARD:
            proof, parameters = NOTHING_HEARD, {"read_to": read_to, "topic": Heard.TOPIC}
        sql = sql.replace("{proof}", proof).replace("{columns}", ", ".join(self.view.columns))
        return Statement(self.view.spelled(sql, values), {**row, **parameters}, must_match=True)


def _equals(column: str, value: object) -> str:
    return f"{column} IS NULL" if value is None else f"{column} = :{column}"
