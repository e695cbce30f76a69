"""What errands go through: the carrier (SMS and WhatsApp), the calendar and the mail server of each clinic. One that
refuses our account is shut for a while, and then tried with a single errand: asking again and again would change
nothing."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

SHORTEST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(minutes=15)
QUEUE_AHEAD = timedelta(seconds=3)  # how long a claimed text may wait for its sender; a lease lasts much longer


class Channel(StrEnum):
    """The ways out. The values are stored."""

    SMS = "sms"
    CALENDAR = "calendar"
    EMAIL = "email"


@dataclass(frozen=True)
class Condition:
    """How one clinic's channel stands. `ahead` is for how long its paced sender is taken already; `shut_until` None
    where nothing keeps it shut; `trips` is how often in a row it was refused, 0 when all is well."""

    clinic: str
    channel: Channel
    ahead: timedelta = timedelta()
    shut_until: datetime | None = None
    trips: int = 0

    def is_shut(self, now: datetime) -> bool:
        return self.shut_until is not None and self.shut_until > now

    def allowance(self, now: datetime, per_second: float) -> int | None:
        """How many errands may be taken now; None where nothing limits them. `per_second` is the sender's pace in
        segments, 0 for none."""
        if self.is_shut(now):
            return 0
        if self.trips:
            return 1
        if self.channel is not Channel.SMS or not per_second:
            return None
        return max(0, int((QUEUE_AHEAD - self.ahead).total_seconds() * per_second))


def pause(trips: int) -> timedelta:
    """How long a channel stays shut after it was refused for the `trips`-th time in a row."""
    doublings: int = min(max(trips, 1) - 1, 16)
    return min(LONGEST_PAUSE, SHORTEST_PAUSE * (1 << doublings))
