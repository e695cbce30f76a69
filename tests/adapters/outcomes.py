"""What comes of one send, whichever carrier sends."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx

from domain.ports import Accepted

Handler = Callable[[httpx.Request], httpx.Response]


def outcome_of(handler: Handler, send: Callable[[Handler], Any]) -> Any:
    """The outcome without its words, after exactly one POST."""
    posts = []

    def counted(request: httpx.Request) -> httpx.Response:
        posts.append(request.method)
        return handler(request)

    outcome = send(counted)
    assert posts == ["POST"]
    return outcome if isinstance(outcome, Accepted) else replace(outcome, detail="")
