"""Cal.com, both directions.

api          the client: look, list what is unconfirmed, confirm, cancel, the probe for its verbs; receiving a webhook
connection   one call: the settings, the headers, the time it may take
routes       the routes of its API, and the two spellings of confirm and cancel
answers      what its answers and its errors mean
listing      the list of unconfirmed bookings, put into the domain's words
signature    whether a webhook is Cal.com's
payload      a webhook's triggers, put into the domain's words
people       the booker, names, languages, moments and zones in a payload
phones       the places where the patient's phone may stand
checking     is the account set up for us: the key, the version, the verbs, the event types
hooks        the webhook that we need: is it there, is it right, registering it
values       reading the JSON, and cleaning what was typed
"""

from adapters.calcom.api import CalCom
from adapters.calcom.connection import CalComSettings, Patience, http_client
from adapters.calcom.routes import Verbs

__all__ = ["CalCom", "CalComSettings", "Patience", "Verbs", "http_client"]
