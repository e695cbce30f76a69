"""A clinic: one tenant, with its name, phone, languages and patience. A value that is passed along, never a global."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from domain.quiet import QuietHours
from domain.ways import Way


class OnExpiry(StrEnum):
    """What to do with a booking that nobody answered: leave it to staff, or free the slot."""

    LEAVE = "leave"
    CANCEL = "cancel"


class OnDoubt(StrEnum):
    """What to do with a text whose fate stays unknown: ask staff, or send it once more."""

    ASK = "ask"
    RESEND = "resend"


class LinkUse(StrEnum):
    """When a text carries the confirm link: only where patients cannot reply, in every question, or never."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


@dataclass(frozen=True)
class Clinic:
    """`key` stands in every stream id: lower-case letters and digits, chosen once and for ever. `sms_per_second` is
    the sender's pace in segments; 0 is none. `time_zone` is the one on its walls (an IANA name). `wording` has texts of
    the clinic's own: language -> name -> text. `ways` are tried in their order until one leads to the patient, then
    staff is told. Phones that begin with one of `no_replies_from` ("+353") cannot answer a text."""

    key: str
    name: str
    phone: str = ""
    languages: tuple[str, ...] = ("en",)
    time_zone: str = "UTC"
    booking_link: str = ""
    ask_settle: timedelta = timedelta(seconds=10)
    quiet_hours: QuietHours | None = None
    remind_after: timedelta = timedelta(hours=24)
    ask_again_before: tuple[timedelta, ...] = (timedelta(days=3), timedelta(days=1))
    expire_after: timedelta = timedelta(hours=48)
    expire_before_start: timedelta = timedelta(hours=2)
    on_expiry: OnExpiry = OnExpiry.LEAVE
    wording: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    max_clarifications: int = 2
    sms_per_second: float = 0
    on_doubt: OnDoubt = OnDoubt.ASK
    doubt_after: timedelta = timedelta(minutes=15)
    ways: tuple[Way, ...] = (Way.SMS,)
    confirm_link: LinkUse = LinkUse.AUTO
    no_replies_from: tuple[str, ...] = ()
