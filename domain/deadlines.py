"""When to ask, to remind, to give up. All moments are aware datetimes in UTC."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.clinics import Clinic

TIME_TO_ANSWER = timedelta(minutes=15)  # half of all answers come within the hour, most of those at once


@dataclass(frozen=True)
class Deadlines:
    """The moments of one booking, fixed when it is requested: a later change of rules does not rewrite the past."""

    ask_at: datetime
    expire_at: datetime
    remind_at: tuple[datetime, ...] = ()

    def as_fields(self) -> dict[str, object]:
        """As the fields of the facts that carry deadlines."""
        return {"ask_at": self.ask_at, "remind_at": list(self.remind_at), "expire_at": self.expire_at}


def deadlines(requested_at: datetime, starts_at: datetime, clinic: Clinic) -> Deadlines:
    """Ask after the settling time, or at once where the start is nearer than that. Give up at `expire_after` from
    the question or `expire_before_start` before the start, whichever is first; where that leaves no time to answer,
    the booking stays open until its start."""
    ask_at = requested_at + clinic.ask_settle
    if ask_at >= starts_at - timedelta(minutes=1):
        ask_at = requested_at
    expire_at = min(ask_at + clinic.expire_after, starts_at - clinic.expire_before_start)
    if expire_at < ask_at + TIME_TO_ANSWER:
        expire_at = starts_at
    return Deadlines(ask_at=ask_at, expire_at=expire_at)
