"""Reading a carrier's list. One entry that can't be read must not hide the others."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Generic, TypeVar

from adapters.common.values import Json

T = TypeVar("T")
Reading = tuple[datetime, str, T]  # when it was made, its id, and what it says


@dataclass(frozen=True)
class Listed:
    """What was read of a list. `is_whole` is False where the list goes on beyond that."""

    messages: list[Json]
    is_whole: bool


def page_of(messages: object) -> list[Json]:
    """The messages on a page. ValueError where it can't be read."""
    if not isinstance(messages, list) or not all(isinstance(message, dict) for message in messages):
        raise ValueError("not a page of messages")
    return messages


@dataclass(frozen=True)
class Received(Generic[T]):
    """How to read a list of received texts: `read` gives None for what is none of ours, and raises ValueError for what
    can't be read; `name` is the list's in the log."""

    name: str
    read: Callable[[Json], Reading[T] | None]
    logger: logging.Logger

    def since(self, messages: Iterable[Json], since: datetime) -> list[T]:
        """What was made in that second or later, oldest first, each id once. The log tells how many can't be read."""
        found: dict[str, tuple[datetime, T]] = {}
        unreadable = 0
        for message in messages:
            try:
                reading = self.read(message)
            except ValueError:
                unreadable += 1
                continue
            if reading is not None and reading[0] >= second_of(since):
                made_at, uid, one = reading
                found.setdefault(uid, (made_at, one))
        if unreadable:
            self.logger.warning("%s: %d received texts cannot be read", self.name, unreadable)
        return [one for _, one in sorted(found.values(), key=itemgetter(0))]

    def warn_of_more(self, listed: Listed) -> None:
        """Say that a list is longer than what is read of it."""
        if not listed.is_whole:
            self.logger.warning(
                "%s goes on after %d messages: received texts may be missing", self.name, len(listed.messages)
            )


def second_of(moment: datetime) -> datetime:
    """Carriers' lists have whole seconds."""
    return moment.replace(microsecond=0)
