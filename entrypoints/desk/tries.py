"""How often somebody may be wrong about the password."""

import math
import time
from ipaddress import ip_address, ip_network

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
        address = one_of(address)
        limits = [(EACH, (address,)), *([] if address in self._known else [(ALTOGETHER, ())])]
        full = [
            self._limiter.get_window_stats(item, *of).reset_time
            for item, of in limits
            if not self._limiter.test(item, *of)
        ]
        return max(1, math.ceil(max(full) - time.time())) if full else 0

    def failed(self, address: str) -> None:
        """Count one."""
        self._limiter.hit(EACH, one_of(address))
        self._limiter.hit(ALTOGETHER)

    def succeeded(self, address: str) -> None:
        """Somebody who knows the password is there."""
        self._known.add(one_of(address))


def one_of(address: str) -> str:
    """What counts as one client: an IPv4 address, the network (/64) of an IPv6 one, and anything else as it is."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if found.version == 4:  # noqa: PLR2004
        return str(found)
    return str(found.ipv4_mapped or ip_network((found, 64), strict=False))
