"""Vonage's Messages API, both directions.

api        the client: send a text; Vonage has no list to look in
answers    what its answers and its errors mean
signature  who signed a webhook: a JWT that also names the body's hash
webhooks   what it posts to us: verified, then translated; and how it is answered
shapes     what other APIs and versions of Vonage post to the same URL, and which setting to change
settings   one account
checking   is it set up for us: credentials, sender, and where it sends what patients text
values     numbers, dates and words as Vonage writes them
"""

from adapters.vonage.api import Vonage, http_client
from adapters.vonage.settings import VonageSettings

__all__ = ["Vonage", "VonageSettings", "http_client"]
