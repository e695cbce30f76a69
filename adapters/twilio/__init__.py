"""Twilio, both directions.

api        the client: send a text, find its copies, list what was received
answers    what its answers and its errors mean
listing    reading its list of messages
webhooks   what it posts to us: verified, then translated; and how it is answered
settings   one account
templates  has WhatsApp approved our words
checking   is it set up for us: credentials, sender, and where it sends what patients text
values     ids, addresses and dates as Twilio writes them

Texts whose sender is a name carry the confirm link instead of asking for an answer: nobody can answer to a name.
"""

from adapters.twilio.api import Twilio, http_client
from adapters.twilio.settings import TwilioSettings

__all__ = ["Twilio", "TwilioSettings", "http_client"]
