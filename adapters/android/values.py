"""Ids as the phone writes them."""

import re
from datetime import datetime

ERRAND_KEY = re.compile(r"[0-9a-f]{32}")
MESSAGE_ID = re.compile(r"[0-9A-Za-z_.:-]{1,64}")
LISTED_ID = re.compile(r"[a-z-]{1,12}:(-?[0-9]{1,10})")


def inbound_id(told: object, at: datetime) -> str | None:
    """An id for a received text, the same from a webhook and from the list; None where there is none to make it of.

    The phone's own id is a hash of 32 bits over sender, date, SIM and words: hexadecimal in webhooks, `text:` and a
    signed decimal in the list. That is too few for years of texts, so the date stands in the id as well.
    """
    if not isinstance(told, str) or not MESSAGE_ID.fullmatch(told):
        return None
    listed = LISTED_ID.fullmatch(told)
    hashed = f"{int(listed[1]) & 0xFFFFFFFF:x}" if listed else told
    return f"{hashed}-{int(at.timestamp())}"
