"""How long to wait before trying again. Pure: the chance is passed in."""

from datetime import timedelta

LONGEST = timedelta(minutes=5)
GIVE_UP_AFTER = timedelta(hours=24)


def backoff(attempts: int, chance: float, shortest: timedelta = timedelta()) -> timedelta:
    """2, 4, 8 … seconds up to five minutes, each shortened by up to a half so that errands do not come back all at
    once. `chance` is in [0, 1). Never sooner than `shortest`, which the other side has asked for."""
    longest = min(LONGEST, timedelta(seconds=2 ** min(attempts, 16)))
    return max(longest * (1 - chance / 2), shortest)
