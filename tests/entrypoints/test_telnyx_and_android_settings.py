"""The settings of Telnyx and of a phone gateway: what they become, and every fault with its cure."""

import pytest

from adapters.android import AndroidSettings
from adapters.telnyx import TelnyxSettings
from domain.errors import Misconfigured
from entrypoints.carriers import CarrierSettings
from entrypoints.settings import Settings

PUBLIC_KEY = "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="
PROFILE = "4000eba1-a0c0-4563-9925-b25e842a7cb6"
OUR_URL = "https://replyes.example.org"
TELNYX = {
    "SMS_PROVIDER": "telnyx",
    "TELNYX_API_KEY": "KEY0123-secret",
    "TELNYX_PUBLIC_KEY": PUBLIC_KEY,
    "TELNYX_FROM": "+12025550100",
}
ANDROID = {
    "SMS_PROVIDER": "android",
    "ANDROID_GATEWAY_URL": "http://192.168.1.10:8080/",
    "ANDROID_GATEWAY_USER": "sms",
    "ANDROID_GATEWAY_PASSWORD": "phone-password",
    "ANDROID_GATEWAY_SIGNING_KEY": "a-long-signing-key",
}
CALCOM = {"CAL_API_KEY": "cal_1", "CAL_WEBHOOK_SECRET": "whsec", "PUBLIC_URL": OUR_URL}


def read(**environ: str) -> CarrierSettings:
    """The carrier of an environment; "" leaves a name out. Raises Misconfigured."""
    settings = Settings({name: value for name, value in {**CALCOM, **environ}.items() if value})
    carrier = settings.service().carrier
    settings.check()
    return carrier


def faults(**environ: str) -> list[str]:
    with pytest.raises(Misconfigured) as raised:
        read(**environ)
    return raised.value.faults


def test_telnyx_is_chosen_by_settings_alone() -> None:
    assert read(**TELNYX) == TelnyxSettings("KEY0123-secret", (PUBLIC_KEY,), "+12025550100", OUR_URL)
    changed = read(**{**TELNYX, "TELNYX_FROM": PROFILE, "TELNYX_PUBLIC_KEY": f"{PUBLIC_KEY},{PUBLIC_KEY}"})
    assert changed == TelnyxSettings("KEY0123-secret", (PUBLIC_KEY, PUBLIC_KEY), PROFILE, OUR_URL)


def test_a_phone_gateway_is_chosen_by_settings_alone() -> None:
    chosen = read(**ANDROID, CLINIC_PHONE="+442079460000")
    expected = AndroidSettings("http://192.168.1.10:8080", "sms", "phone-password", ("a-long-signing-key",), "GB")
    assert chosen == expected


@pytest.mark.parametrize("environ", [TELNYX, ANDROID])
def test_all_that_is_missing_is_told_at_once(environ: dict[str, str]) -> None:
    needed = [name for name in environ if name != "SMS_PROVIDER"]
    told = faults(SMS_PROVIDER=environ["SMS_PROVIDER"])
    assert sorted(fault.split()[0] for fault in told) == sorted(needed)
    assert all("set it to" in fault for fault in told)


@pytest.mark.parametrize(
    ("environ", "name", "value", "cure"),
    [
        (TELNYX, "TELNYX_FROM", "Clinic of Dr. Lee", "a number like +12025550100"),
        (TELNYX, "TELNYX_PUBLIC_KEY", "s3cr3t", "copy its 44 characters"),
        (TELNYX, "TELNYX_API_URL", "api.telnyx.com", "without ? or #"),
        (ANDROID, "ANDROID_GATEWAY_URL", "192.168.1.10:8080", "without ? or #"),
        (ANDROID, "ANDROID_GATEWAY_SIGNING_KEY", "aB3dE6gH", "type a longer one into the app"),
    ],
)
def test_one_fault_is_told_with_its_cure_and_without_the_value(
    environ: dict[str, str], name: str, value: str, cure: str
) -> None:
    (fault,) = faults(**{**environ, name: value})
    assert fault.startswith(f"{name} ")
    assert cure in fault
    assert value not in fault
