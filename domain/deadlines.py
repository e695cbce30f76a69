"""When to ask, to remind, to give up. All moments are aware datetimes in UTC."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.clinics import Clinic

TIME_TO_ANSWER = timedelta(minutes=15)  # half of all answers come within the hour, most of those at once
LAST_MINUTE = timedelta(minutes=1)
BETWEEN_TEXTS = timedelta(hours=12)  # a reminder that would follow the text before it sooner than this is left out


@dataclass(frozen=True)
class Deadlines:
    """The moments of one booking, fixed when it is requested: a later change of rules does not rewrite the past.
    `ask_at` is None where there is no moment between now and the start at which the patient may be asked."""

    ask_at: datetime | None
    expire_at: datetime
    remind_at: tuple[datetime, ...] = ()

    def as_fields(self) -> dict[str, object]:
        """As the fields of the facts that carry deadlines."""
        return {"ask_at": self.ask_at, "remind_at": list(self.remind_at), "expire_at": self.expire_at}


def deadlines(requested_at: datetime, starts_at: datetime, clinic: Clinic, time_zone: str = "UTC") -> Deadlines:
    """For a booking that was requested now. Ask after the settling time, or at once where that would be too late (the
    start is nearer, or the quiet hours come between), but not in the patient's quiet hours."""
    planned = requested_at + clinic.ask_settle
    if _audible(planned, clinic, time_zone) >= starts_at - LAST_MINUTE:
        planned = requested_at
    return from_question(planned, starts_at, clinic, time_zone)


def from_question(planned: datetime, starts_at: datetime, clinic: Clinic, time_zone: str = "UTC") -> Deadlines:
    """For a question that is planned for this moment. Give up at `expire_after` from the question or
    `expire_before_start` before the start, whichever is first; where that leaves no time to answer, the booking stays
    open until its start."""
    ask_at = _audible(planned, clinic, time_zone)
    if ask_at >= starts_at:
        return Deadlines(ask_at=None, expire_at=starts_at)
    expire_at = min(ask_at + clinic.expire_after, starts_at - clinic.expire_before_start)
    if expire_at < ask_at + TIME_TO_ANSWER:
        expire_at = starts_at
    return Deadlines(ask_at, expire_at, _reminders(ask_at, expire_at, starts_at, clinic, time_zone))


def _reminders(
    ask_at: datetime, expire_at: datetime, starts_at: datetime, clinic: Clinic, time_zone: str
) -> tuple[datetime, ...]:
    """`remind_after` the question and the ladder before the start, in order, as far as each leaves time to answer."""
    planned = [ask_at + clinic.remind_after, *(starts_at - before for before in clinic.ask_again_before)]
    kept = [ask_at]
    for moment in sorted(_audible(one, clinic, time_zone) for one in planned):
        if moment >= kept[-1] + BETWEEN_TEXTS and moment + TIME_TO_ANSWER <= expire_at:
            kept.append(moment)
    return tuple(kept[1:])


def _audible(moment: datetime, clinic: Clinic, time_zone: str) -> datetime:
    quiet = clinic.quiet_hours
    return quiet.over_at(moment, time_zone) if quiet else moment
