"""Who sends: a number, a short code, a pool of numbers, or a name to which nobody can answer."""

import re

# What carriers and networks take as a name ("alphanumeric sender"): https://help.twilio.com/articles/223133767
NAME = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9][A-Za-z0-9 ]{1,9}[A-Za-z0-9]")
NUMBER = re.compile(r"\+[1-9][0-9]{6,14}|[1-9][0-9]{2,5}")  # E.164, or a short code


def is_name(sender: str) -> bool:
    """Whether a patient sees a name instead of a number."""
    return bool(NAME.fullmatch(sender))


def is_same(recipient: str, sender: str) -> bool:
    """Whether a text came to this sender: carriers write its number with or without the plus."""
    return bool(sender) and recipient.removeprefix("+") == sender.removeprefix("+")
