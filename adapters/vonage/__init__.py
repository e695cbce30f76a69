"""Vonage's Messages API, both directions.

api        the client: send a text; Vonage has no list to look in
messages   a message as it wants it, by SMS and by WhatsApp
answers    what its answers and its errors mean
signature  who signed a webhook: a JWT that also names the body's hash
webhooks   what it posts to us: verified, then translated; and how it is answered
shapes     what other APIs and versions of Vonage post to the same URL, and which setting to change
settings   one account
checking   is it set up for us: credentials, sender, and where it sends what patients text
values     ids, numbers and dates as Vonage writes them

Texts whose sender is a name carry the confirm link instead of asking for an answer: nobody can answer to a name.
"""

from adapters.vonage.api import Vonage, http_client
from adapters.vonage.settings import VonageSettings

__all__ = ["Vonage", "VonageSettings", "http_client"]
