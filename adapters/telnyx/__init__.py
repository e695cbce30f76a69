"""Telnyx, both directions.

api        the client: send a text, find its copies, list what was received
answers    what its answers and its errors mean
records    reading its message detail records, the only list that it has
payload    a message as its webhooks and its API write it
webhooks   what it posts to us: verified, then translated; and how it is answered
signature  Ed25519 over the time and the raw body
settings   one account
checking   is it set up for us: credentials, sender, and where it sends what patients text
values     ids as Telnyx writes them

Texts whose sender is a name carry the confirm link instead of asking for an answer: nobody can answer to a name.
"""

from adapters.telnyx.api import Telnyx, http_client
from adapters.telnyx.settings import TelnyxSettings

__all__ = ["Telnyx", "TelnyxSettings", "http_client"]
