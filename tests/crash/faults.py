"""How servers misbehave: they refuse, they break before or after having done what was asked, they hang, they hang up,
they talk nonsense."""

import random
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from tests.wire.servers import Request, Response

HANGS = 11.0  # seconds: longer than the product waits for any call
NONSENSE = (b"<html><body>It works!</body></html>", b'{"sid": "SM', b"")

Serve = Callable[[Request], Response]


@dataclass(frozen=True)
class Fault:
    """One way to misbehave. `acts`: whether what was asked for is done nevertheless."""

    name: str
    acts: bool
    response: Response
    hangs: bool = False


@dataclass(frozen=True)
class Misbehaved:
    """What was done to one request."""

    fault: Fault
    request: Request
    at: datetime


def _both(name: str, response: Response, *, hangs: bool = False) -> list[Fault]:
    return [Fault(f"{name}, {how}", acts, response, hangs) for how, acts in (("done", True), ("not done", False))]


SLOW_DOWN = {"code": 20429, "message": "Too Many Requests", "status": 429}
BROKEN = {"message": "Internal Server Error", "status": 500}
WITH_A_TIME = [
    Fault(f"429, again in {seconds} s", False, Response(429, SLOW_DOWN, headers={"Retry-After": str(seconds)}))
    for seconds in (1, 2)
]
WITHOUT_A_TIME = Fault("429", False, Response(429, SLOW_DOWN))
HANGING = _both("hangs", Response(0, hangs_up=True), hangs=True)
OFTEN = [
    *WITH_A_TIME,
    Fault("500, not done", False, Response(500, BROKEN)),
    Fault("502, done", True, Response(502, raw=b"<html>Bad Gateway</html>", headers={"Content-Type": "text/html"})),
    *_both("hangs up", Response(0, hangs_up=True)),
    *(fault for body in NONSENSE for fault in _both(f"says {body[:8]!r}", Response(200, raw=body))),
]


class Faults:
    """Misbehaves now and then, by chance. `limited` are faults that cost the run much time, with how often each may
    happen."""

    def __init__(self, seed: int, share: float, limited: Sequence[tuple[Fault, int]] = ()) -> None:
        self.share = share
        self.done: list[Misbehaved] = []
        self.over = threading.Event()
        self._chance = random.Random(seed)
        self._left = Counter({fault.name: often for fault, often in limited})
        self._usual = [*OFTEN, *(fault for fault, _ in limited)]

    def serve(self, request: Request, serve: Serve) -> Response:
        """Answer as `serve` does, or worse."""
        fault = self._next()
        if fault is None:
            return serve(request)
        self.done.append(Misbehaved(fault, request, datetime.now(UTC)))
        response = replace(fault.response, then=serve(request).then) if fault.acts else fault.response
        if fault.hangs:
            self.over.wait(HANGS)
        return response

    def stop(self) -> None:
        """From now on all is well; who hangs is let go."""
        self.share = 0.0
        self.over.set()

    def _next(self) -> Fault | None:
        if self._chance.random() >= self.share:
            return None
        fault = self._chance.choice(self._usual)
        if fault.name in self._left:
            if not self._left[fault.name]:
                return None
            self._left[fault.name] -= 1
        return fault
