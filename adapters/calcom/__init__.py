"""Cal.com, both directions.

api        the client: look, confirm, cancel, the probe for its verbs; verifying a webhook
payload    a webhook's triggers, put into the domain's words
people     the booker, names, languages, moments and zones in a payload
phones     the places where the patient's phone may stand
values     reading the JSON, and cleaning what was typed
"""

from adapters.calcom.api import CalCom, CalComSettings, Patience, Verbs, http_client

__all__ = ["CalCom", "CalComSettings", "Patience", "Verbs", "http_client"]
