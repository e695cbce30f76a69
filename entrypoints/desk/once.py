"""Links that sign in once. Only the sandbox makes them: there is nothing behind its desk but make-believe."""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

LIFETIME = timedelta(minutes=10)
MOST = 1000  # links at a time; the oldest are forgotten


class Links:
    """The links that nobody has opened yet, in the memory of this process."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._ends_at: dict[str, datetime] = {}

    def make(self) -> str:
        """The path of a new link."""
        token = secrets.token_urlsafe(32)
        self._ends_at[token] = self._now() + LIFETIME
        while len(self._ends_at) > MOST:
            del self._ends_at[next(iter(self._ends_at))]
        return f"/sign-in?once={token}"

    def take(self, token: str) -> bool:
        """Whether it is good; afterwards it is not."""
        ends_at = self._ends_at.pop(token, None)
        return ends_at is not None and self._now() < ends_at
