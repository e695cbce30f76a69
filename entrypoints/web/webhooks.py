"""The webhooks: read the body, let the adapter verify and translate, hand over to the domain, answer."""

import logging
import re

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from domain.errors import (
    Conflict,
    NotAuthentic,
    NotUnderstood,
    ReplyesError,
    StorageAway,
    TooLarge,
    UnknownClinic,
)
from domain.inbound import BookingRequested, BookingSettled, CalendarNotice, Unheeded
from domain.ports import Answer, RawRequest
from entrypoints.web.bodies import read_body
from entrypoints.web.routing import Message, Post, Routing
from entrypoints.wiring import Service, clock

log = logging.getLogger("replyes.webhooks")

LARGEST_BODY = 1_000_000  # bytes; Cal.com sends about 3 kB, Twilio 1 kB
ANOTHER_METHOD = "this address takes another method"
ERRAND_KEY = re.compile(r"[0-9a-f]{32}")
STATUS: dict[type[Exception], int] = {
    NotAuthentic: 401,
    NotUnderstood: 400,
    UnknownClinic: 404,
    TooLarge: 413,
    Conflict: 503,
    StorageAway: 503,
}
UNTOLD = (NotAuthentic, UnknownClinic)  # an unauthenticated caller learns nothing


class Webhooks:
    """What the calendar and the carrier post to us."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.routing = Routing(service.calendars, service.carriers)

    async def calendar(self, request: Request) -> Response:
        """Answered after the commit. Anything but a 2xx means that nothing is stored."""
        try:
            clinic, calendar = self.routing.calendar(request.path_params.get("clinic"))
            notice = calendar.receive(await _raw(request))
            receipt = await self.service.confirmations.receive(clinic, notice, clock())
        except ReplyesError as error:
            self._log(request, error)
            status = STATUS.get(type(error), 500)
            told = "not authentic" if isinstance(error, UNTOLD) else str(error)
            return JSONResponse({"status": "refused", "error": told}, status)
        log.info("%s%s: %s", self._at(clinic), _told(notice), receipt)
        return JSONResponse({"status": receipt})

    async def texts(self, request: Request) -> Response:
        """The carrier's adapter owns the answer: its body could be texted to the patient."""
        named = request.path_params.get("clinic")
        try:
            carrier = self.routing.refusing(named)
        except UnknownClinic as error:
            self._log(request, error)
            return Response(status_code=404)
        try:
            post = self.routing.texts(named, await _raw(request))
            carrier = post.carrier
            for clinic, text in _taken(post):
                receipt = await self.service.answers.hear(clinic, text, clock())
                log.info("%sinbound text %s: %s", self._at(clinic), text.message_id, receipt)
        except ReplyesError as error:
            self._log(request, error)
            return _response(carrier.answer_texts(error))
        return _response(carrier.answer_texts())

    async def texts_by_get(self, request: Request) -> Response:
        """No carrier sends a text so, unless an account is set to an older API. Its adapter may know the setting, and
        tells it to the log."""
        try:
            _taken(self.routing.texts(request.path_params.get("clinic"), await _raw(request)))
        except ReplyesError as error:
            self._log(request, error)
        return JSONResponse({"error": ANOTHER_METHOD}, 405, {"Allow": "POST"})

    async def reports(self, request: Request) -> Response:
        """Delivery reports; the errand's key stands in the path."""
        carrier = self.routing.refusing(None)
        outcomes, outbox = self.service.text_outcomes, self.service.store.outbox
        try:
            post = self.routing.reports(await _raw(request), _errand_in(request))
            carrier = post.carrier
            for clinic, report in _taken(post):
                await outcomes.reported(clinic, report, outbox, clock())
            for message_id, status in dict.fromkeys((one.message_id, one.status) for _, one in post.messages):
                log.info("delivery report %s: %s", message_id, status)
        except ReplyesError as error:
            self._log(request, error)
            return _response(carrier.answer_reports(error))
        return _response(carrier.answer_reports())

    def _log(self, request: Request, error: ReplyesError) -> None:
        """The path without what stands in it, unless it is a clinic of ours: keys and made-up names do not belong in
        logs."""
        parts = request.url.path.split("/")
        route = "/".join(parts[:4] + [part for part in parts[4:5] if part in self.service.clinics])
        log.warning("%s %s refused: %s: %s", request.method, route, type(error).__name__, error)

    def _at(self, clinic: str) -> str:
        """Whose it is, for the log, where there are several."""
        return f"clinic {clinic}: " if len(self.service.clinics) > 1 else ""


def _errand_in(request: Request) -> str | None:
    """The errand's key in the path; None where that is no key of ours."""
    key = request.path_params.get("key", "")
    return key if ERRAND_KEY.fullmatch(key) else None


def _told(notice: CalendarNotice) -> str:
    match notice:
        case BookingRequested(uid=uid):
            return f"booking {uid} was requested"
        case BookingSettled(uid=uid, how=how):
            return f"booking {uid} was {how} in Cal.com"
        case Unheeded(why=why):
            return f"a webhook that asks nothing of us ({why})"


def _taken(post: Post[Message]) -> list[tuple[str, Message]]:
    """The messages. Raises what speaks against them."""
    if post.error:
        raise post.error
    return post.messages


async def _raw(request: Request) -> RawRequest:
    """Raises TooLarge and NotUnderstood."""
    body = await read_body(request, LARGEST_BODY, "1 MB")
    return RawRequest(
        method=request.method,
        path=request.scope.get("raw_path", request.url.path.encode()).decode("latin-1"),
        headers=dict(request.headers.items()),
        body=body,
        query=request.scope["query_string"].decode("latin-1"),
    )


def _response(answer: Answer) -> Response:
    response = Response(answer.body, answer.status)
    if answer.content_type:
        response.headers["content-type"] = answer.content_type
    return response
