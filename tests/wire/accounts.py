"""The clinic's accounts at Cal.com and Twilio, as the product's settings name them."""

import base64
from collections.abc import Mapping

API_KEY = "cal_live_0123456789abcdef"
API_VERSION = "2024-08-13"
WEBHOOK_SECRET = "webhook-secret"
ONE_TIME_PASSWORD = "5b1a7d42-one-time-password"

ACCOUNT = "AC" + "0a" * 16
TOKEN = "7f" * 16
CLINIC = "+12025550100"
CLINIC_NAME = "Example Clinic"
BASIC = "Basic " + base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
ENCRYPTION_KEY = "0123456789abcdef" * 2

SECRETS = (API_KEY, WEBHOOK_SECRET, ONE_TIME_PASSWORD, TOKEN, BASIC, ENCRYPTION_KEY)


def settings(database: str, public_url: str, calendar_url: str, carrier_url: str) -> Mapping[str, str]:
    """The product's environment: a question leaves at once, and nothing paces the texts."""
    return {
        "PUBLIC_URL": public_url,
        "DATABASE_URL": database,
        "CAL_API_URL": calendar_url,
        "CAL_API_KEY": API_KEY,
        "CAL_API_VERBS": "auto",
        "CAL_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "SMS_PROVIDER": "twilio",
        "TWILIO_API_URL": carrier_url,
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "TWILIO_FROM": CLINIC,
        "CLINIC_NAME": CLINIC_NAME,
        "ENCRYPTION_KEY": ENCRYPTION_KEY,
        "ASK_SETTLE": "0s",
        "QUIET_HOURS": "none",
        "SMS_PER_SECOND": "0",
    }
