"""The fake Cal.com refuses what the real one refuses, and lets through what the real one lets through."""

from dataclasses import dataclass, field

import httpx
import pytest

from entrypoints.sandbox.world import Status, Verbs
from tests.entrypoints.test_sandbox_kit import UID, Scene

pytestmark = pytest.mark.anyio

REASON = {"cancellationReason": "Patient declined via SMS"}
NOT_FOUND = "was not found in the database"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass(frozen=True)
class Row:
    """One call, and what becomes of it. `code` None: the answer has the bare shape."""

    says: str
    verbs: Verbs
    was: Status
    method: str
    path: str
    status: int
    message: str = ""
    code: str | None = None
    then: Status | None = None
    body: object = None
    headers: dict[str, str] = field(default_factory=dict)
    ended: bool = False


C, L = Verbs.CONCEPT, Verbs.LIVE
PENDING, ACCEPTED, CANCELLED, REJECTED = Status.PENDING, Status.ACCEPTED, Status.CANCELLED, Status.REJECTED
GET, POST, PATCH, DELETE = "GET", "POST", "PATCH", "DELETE"
ONE, CONFIRM, DECLINE, CANCEL = (
    f"/v2/bookings/{UID}",
    *(f"/v2/bookings/{UID}/{x}" for x in ["confirm", "decline", "cancel"]),
)
NO_SUCH, PROBE = "/v2/bookings/nobody", "/v2/bookings/replyes-probe/confirm"
NO_VERSION, OTHER_VERSION = {"cal-api-version": ""}, {"cal-api-version": '"2024-08-13"'}
NO_KEY, BAD_KEY, NO_TYPE = {"Authorization": ""}, {"Authorization": "Bearer cal_wrong"}, {"Content-Type": ""}
LACKS, UNKNOWN, STRANGER = "NotFoundException", "NotFoundException", "UnauthorizedException"
DONE, HOST = "Booking already confirmed", "Cancellation reason is required when you are the host"

ROWS = [
    # what works
    Row("concept confirms", C, PENDING, PATCH, CONFIRM, 200, then=ACCEPTED),
    Row("concept cancels a pending one", C, PENDING, DELETE, ONE, 200, then=CANCELLED, body=REASON),
    Row("concept cancels an accepted one", C, ACCEPTED, DELETE, ONE, 200, then=CANCELLED, body=REASON),
    Row("live confirms", L, PENDING, POST, CONFIRM, 200, then=ACCEPTED),
    Row("live declines", L, PENDING, POST, DECLINE, 200, then=REJECTED, body={"reason": "no"}),
    Row("live declines without a body", L, PENDING, POST, DECLINE, 200, then=REJECTED),
    Row("live cancels", L, PENDING, POST, CANCEL, 200, then=CANCELLED, body=REASON),
    Row("live cancels a rejected one", L, REJECTED, POST, CANCEL, 200, then=CANCELLED, body=REASON),
    Row("a booking can be read", L, PENDING, GET, ONE, 200),
    # what works, and should not surprise
    Row("confirm revives a cancelled one", L, CANCELLED, POST, CONFIRM, 200, then=ACCEPTED),
    Row("confirm revives a rejected one", C, REJECTED, PATCH, CONFIRM, 200, then=ACCEPTED),
    Row("confirm does not look at the time", L, PENDING, POST, CONFIRM, 200, then=ACCEPTED, ended=True),
    Row("decline declines again", L, REJECTED, POST, DECLINE, 200, then=REJECTED),
    Row("decline rejects a cancelled one", L, CANCELLED, POST, DECLINE, 200, then=REJECTED),
    # what the state forbids
    Row("confirm twice", C, ACCEPTED, PATCH, CONFIRM, 400, DONE, "TRPCError"),
    Row("confirm twice, live", L, ACCEPTED, POST, CONFIRM, 400, DONE, "TRPCError"),
    Row("decline an accepted one", L, ACCEPTED, POST, DECLINE, 400, DONE, "TRPCError"),
    Row("cancel twice", L, CANCELLED, POST, CANCEL, 400, "already been cancelled", body=REASON),
    Row("cancel twice, concept", C, CANCELLED, DELETE, ONE, 400, "already been cancelled", body=REASON),
    Row("cancel what has ended", L, ACCEPTED, POST, CANCEL, 400, "already ended", body=REASON, ended=True),
    # what the body lacks, or has too much of
    Row("no reason", L, PENDING, POST, CANCEL, 400, HOST, body={}),
    Row("no body", C, PENDING, DELETE, ONE, 400, HOST),
    Row("a blank reason", L, PENDING, POST, CANCEL, 400, HOST, body={"cancellationReason": " "}),
    Row("a reason that is no text", L, PENDING, POST, CANCEL, 400, HOST, body={"cancellationReason": 7}),
    Row(
        "decline's word for it", L, PENDING, POST, CANCEL, 400, "property reason should not exist", body={"reason": "x"}
    ),
    Row("a body without its type", L, PENDING, POST, CANCEL, 400, HOST, body=REASON, headers=NO_TYPE),
    Row("a list", L, PENDING, POST, CANCEL, 400, "not a JSON object", "BadRequestException", body=[1]),
    # who is not there
    Row("get nobody", C, PENDING, GET, NO_SUCH, 404, NOT_FOUND, UNKNOWN),
    Row("confirm nobody", C, PENDING, PATCH, NO_SUCH + "/confirm", 404, NOT_FOUND, UNKNOWN),
    Row("cancel nobody", L, PENDING, POST, NO_SUCH + "/cancel", 404, NOT_FOUND, UNKNOWN, body=REASON),
    # the probe, and verbs of the other table
    Row("probe, concept", C, PENDING, POST, PROBE, 404, f"Cannot POST {PROBE}", LACKS),
    Row("probe, live", L, PENDING, POST, PROBE, 404, NOT_FOUND, UNKNOWN),
    Row("live has no PATCH", L, PENDING, PATCH, CONFIRM, 404, f"Cannot PATCH {CONFIRM}", LACKS),
    Row("live has no DELETE", L, PENDING, DELETE, ONE, 404, f"Cannot DELETE {ONE}", LACKS, body=REASON),
    Row("concept has no POST cancel", C, PENDING, POST, CANCEL, 404, f"Cannot POST {CANCEL}", LACKS, body=REASON),
    Row("a route that nobody has", L, PENDING, GET, "/v3/x", 404, "Cannot GET /v3/x", LACKS),
    # the version
    Row("old has no confirm", L, PENDING, POST, CONFIRM, 404, f"Cannot POST {CONFIRM}", LACKS, headers=NO_VERSION),
    Row("quotes are another version", L, PENDING, POST, CONFIRM, 404, "Cannot POST", LACKS, headers=OTHER_VERSION),
    Row("old has no PATCH", C, PENDING, PATCH, CONFIRM, 404, f"Cannot PATCH {CONFIRM}", LACKS, headers=NO_VERSION),
    Row("old has a cancel", L, PENDING, POST, CANCEL, 201, then=CANCELLED, body=REASON, headers=NO_VERSION),
    # the key
    Row("no key", L, PENDING, POST, CONFIRM, 401, "No authentication", STRANGER, headers=NO_KEY),
    Row("a wrong key", L, PENDING, POST, CONFIRM, 401, "Invalid API Key", STRANGER, headers=BAD_KEY),
    Row("a wrong key to read with", C, PENDING, GET, ONE, 401, "Invalid API Key", STRANGER, headers=BAD_KEY),
    Row("routes come before keys", C, PENDING, POST, PROBE, 404, "Cannot POST", LACKS, headers=BAD_KEY),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.says)
async def test_answers_as_the_real_one(row: Row) -> None:
    async with Scene() as scene:
        scene.world.speak(row.verbs)
        booking = scene.booking(row.was, ended=row.ended)

        response = await scene.cal(row.method, row.path, row.body, **row.headers)

        assert response.status_code == row.status, response.text
        assert booking.status is (row.then or row.was)
        assert bool(scene.product.requests) is (row.then is not None)
        if response.is_success:
            assert response.json()["status"] == "success"
        else:
            assert _code(response) == row.code
            assert row.message in _message(response)


def _code(response: httpx.Response) -> str | None:
    body = response.json()
    if "statusCode" in body:
        assert body == {"statusCode": response.status_code, "message": body["message"]}
        return None
    assert body["status"] == "error"
    assert {"timestamp", "path"} < body.keys()
    return body["error"]["code"]


def _message(response: httpx.Response) -> str:
    body = response.json()
    return body["message"] if "statusCode" in body else body["error"]["message"]
