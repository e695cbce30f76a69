"""Ids as Telnyx writes them."""

import re

MESSAGE_ID = re.compile(r"[0-9A-Za-z_-]{8,64}")  # a UUID at Telnyx; stand-ins are less strict
ERRAND_KEY = re.compile(r"/status/([0-9a-f]{32})(?:[?#]|$)")


def keys_in(*urls: object) -> set[str]:
    """The keys of errands that stand in these URLs."""
    found = (ERRAND_KEY.search(url) for url in urls if isinstance(url, str))
    return {match[1] for match in found if match}
