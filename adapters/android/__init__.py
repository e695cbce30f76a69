"""A phone of the clinic's own as carrier: SMS Gateway for Android (sms-gate.app), on the phone itself or its server.

api        the client: send a text, find it again, list what was received
answers    what its answers and its errors mean
inbox      reading its list of received texts
webhooks   what the phone posts to us: verified, then translated; and how it is answered
signature  HMAC-SHA256 over the raw body and the time
settings   one gateway
checking   is it set up for us: credentials, sender, and where it sends what patients text
values     ids as the phone writes them
phones     numbers without a plus

What this carrier cannot promise: there is no opt-out list (ours is the only one, so nothing is ever refused as opted
out), seldom a word of who is to blame when the phone gives up, and, in cloud mode with encryption, no words in the
list.
Source of the facts: github.com/capcom6/android-sms-gateway and android-sms-gateway/server, their code and manual.
"""

from adapters.android.api import AndroidGateway, http_client
from adapters.android.settings import AndroidSettings

__all__ = ["AndroidGateway", "AndroidSettings", "http_client"]
