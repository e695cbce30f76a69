"""Ids, addresses and dates as Twilio writes them."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from adapters.common.values import E164, digits
from domain.ways import Way

MESSAGE_SID = re.compile(r"(SM|MM)[0-9A-Za-z_-]{1,62}")  # 32 hex digits at Twilio; stand-ins are less strict
WHATSAPP = "whatsapp:"  # stands before the number


def address(phone: str, by: Way) -> str:
    """A number as Twilio calls it on this way."""
    return WHATSAPP + phone if by is Way.WHATSAPP else phone


def phone_in(told: str) -> tuple[str, Way] | None:
    """The number and the way of an address; None for a name, a short code, or another channel."""
    by = Way.WHATSAPP if told.startswith(WHATSAPP) else Way.SMS
    number = told.removeprefix(WHATSAPP)
    return (number, by) if E164.fullmatch(number) else None


def pictures(value: str) -> int:
    """How many pictures came along; a count that is none is 0."""
    return int(digits(value, 3) or 0)


def moment(value: object) -> datetime:
    """An RFC 2822 date in UTC. ValueError where it is none."""
    try:
        moment = parsedate_to_datetime(str(value))
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (IndexError, OverflowError, TypeError) as error:
        raise ValueError("not a date") from error
