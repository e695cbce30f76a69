"""What other APIs and versions of Vonage post to the same URL, and which setting to change.

Which API handles inbound SMS is a setting of the account, and it changes the shape under the same URL.
"""

import json
from urllib.parse import parse_qsl

from adapters.common.values import Json
from domain.errors import NotUnderstood
from domain.ports import RawRequest

OF_THE_SMS_API = {"msisdn", "messageId"}  # both, in texts and in delivery receipts
MOST_FIELDS = 50

SMS_API = (
    "it comes from Vonage's older SMS API: set the account's default SMS setting to Messages API (the API settings of"
    " Vonage's dashboard)"
)
OLD_VERSION = "it has the shape of version 0.1: set the application's Messages webhooks to version 1"
REPORT_AMONG_TEXTS = "a status came to the address for texts: set the status URL to /api/webhooks/sms/status"
TEXT_AMONG_REPORTS = "a patient's text came to the address for statuses: set the inbound URL to /api/webhooks/sms"


class WrongSetting(NotUnderstood):
    """Vonage speaks as an account setting tells it to. It shall come again: somebody may mend the setting meanwhile."""


def is_of_the_sms_api(request: RawRequest) -> bool:
    """Whether the older API has made the request: by GET, as a form or in JSON, as the account has it."""
    return set(_names(request.query.encode())) >= OF_THE_SMS_API or set(_names(request.body)) >= OF_THE_SMS_API


def check_text(document: Json) -> None:
    """Raises WrongSetting where this is no text of version 1."""
    if set(document) >= OF_THE_SMS_API:
        raise WrongSetting(SMS_API)
    if isinstance(document.get("from"), dict):
        raise WrongSetting(OLD_VERSION)
    if "status" in document and "text" not in document:
        raise WrongSetting(REPORT_AMONG_TEXTS)


def check_report(document: Json) -> None:
    """Raises WrongSetting where this is no status."""
    if set(document) >= OF_THE_SMS_API:
        raise WrongSetting(SMS_API)
    if "status" not in document and {"text", "message_type"} & set(document):
        raise WrongSetting(TEXT_AMONG_REPORTS)


def _names(fields: bytes) -> list[str]:
    """The names of the fields, of a JSON object or of a form; [] where there are none."""
    try:
        told = fields.decode()
        if told.lstrip().startswith("{"):
            return list(json.loads(told))
        return [name for name, _ in parse_qsl(told, keep_blank_values=True, max_num_fields=MOST_FIELDS)]
    except (ValueError, RecursionError):
        return []
