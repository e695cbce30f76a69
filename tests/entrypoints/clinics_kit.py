"""What the tests of several clinics share: a file of two, and a product that has them. No tests of its own.

Both clinics have one Twilio account, the environment's, and a number each.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from entrypoints.plan import Plan
from tests.adapters.calcom_payloads import SECRET
from tests.entrypoints.conftest import CLINIC, Product, new_product, read_plan

NORTH, SOUTH = CLINIC, "+12025550111"
SOUTHS_SECRET = "the-secret-of-the-south-0123456789"
FILE = f"""
[north]
CLINIC_NAME = "North Clinic"
CAL_API_KEY = "cal_live_north"
CAL_WEBHOOK_SECRET = "{SECRET}"

[south]
CLINIC_NAME = "South Clinic"
CAL_API_KEY = "cal_live_south"
CAL_WEBHOOK_SECRET = "{SOUTHS_SECRET}"
TWILIO_FROM = "{SOUTH}"
"""


def plan_of(folder: Path, content: str = FILE, **changes: str) -> Plan:
    """The plan of a clinics file with this content. Raises Misconfigured."""
    file = folder / "clinics.toml"
    file.write_text(content, "utf-8")
    return read_plan(CLINICS_FILE=str(file), **changes)


@contextmanager
def two_clinics(url: str, folder: Path, content: str = FILE) -> Iterator[Product]:
    """A product of the clinics in the file."""
    with new_product(url, plan_of(folder, content)) as product:
        yield product
