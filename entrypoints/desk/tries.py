"""How often somebody may be wrong about the password."""

import math
import time

from limits import RateLimitItemPerHour, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

EACH = RateLimitItemPerMinute(5)  # for each client address
ALTOGETHER = RateLimitItemPerHour(100)


class Tries:
    """Failed ones, in this process. Whoever has signed in from an address before is not locked out by the failures of
    others."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._known: set[str] = set()

    def wait(self, address: str) -> int:
        """Seconds until this address may try again; 0 for now."""
        limits = [(EACH, (address,)), *([] if address in self._known else [(ALTOGETHER, ())])]
        full = [
            self._limiter.get_window_stats(item, *of).reset_time
            for item, of in limits
            if not self._limiter.test(item, *of)
        ]
        return max(1, math.ceil(max(full) - time.time())) if full else 0

    def failed(self, address: str) -> None:
        """Count one."""
        self._limiter.hit(EACH, address)
        self._limiter.hit(ALTOGETHER)

    def succeeded(self, address: str) -> None:
        """Somebody who knows the password is there."""
        self._known.add(address)
