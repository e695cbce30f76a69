"""GET /c/{token} shows the appointments with two buttons and decides nothing, however often machines follow the link;
POST decides. Whoever has the link may answer: it is as good as the patient's phone, and good for nothing else."""

import logging
from collections.abc import Mapping
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from domain import wording
from domain.booking import Booking
from domain.errors import NotPossible, StorageAway
from domain.languages import DEFAULT, codes, short
from domain.lifecycle import State
from domain.link_answers import Asked
from domain.replies import Answer
from entrypoints.link import entry
from entrypoints.link.tokens import Tokens
from entrypoints.link.view import lines
from entrypoints.web.files import Files
from entrypoints.web.forms import read_form
from entrypoints.web.templates import templates
from entrypoints.wiring import Service

log = logging.getLogger("replyes.link")

HERE = Path(__file__).parent
TEMPLATES = templates(HERE / "templates")
POLICY = "default-src 'none'; img-src 'self'; style-src 'self'; form-action 'self'; base-uri 'none'"
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": f"{POLICY}; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
ANSWERS = {"yes": Answer.YES, "no": Answer.NO}
RIGHT_TO_LEFT = ("ar", "fa")
GONE, NOT_UNDERSTOOD, AWAY = 410, 400, 503


class LinkPage:
    """What patients see of us in a browser."""

    def __init__(self, service: Service, tokens: Tokens) -> None:
        self._answers = service.link_answers
        self._tokens = tokens
        self._clock = service.clock

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/c/{token}", self._show, methods=["GET"]),
            Route("/c/{token}", self._decide, methods=["POST"]),
            Route("/c/{token}/{place:int}.ics", self._entry, methods=["GET"]),
            Mount("/link/static", Files(directory=HERE / "static")),
        ]

    async def _show(self, request: Request) -> Response:
        try:
            asked = await self._asked(request)
        except NotPossible:
            return _over(request)
        except StorageAway:
            return _over(request, AWAY)
        return self._page(request, asked, notice="changed" if "changed" in request.query_params else "")

    async def _decide(self, request: Request) -> Response:
        address = f"/c/{request.path_params['token']}"
        try:
            form = await read_form(request)
            answer, asked = ANSWERS.get(form.get("answer", "")), await self._asked(request)
            if answer is None:
                return self._page(request, asked, NOT_UNDERSTOOD)
            await self._answers.answer(self._errand(request), answer, _shown(form, asked), self._clock())
        except NotPossible as error:
            return RedirectResponse(f"{address}?changed", 303, HEADERS) if error.code == "changed" else _over(request)
        except StorageAway:
            return _over(request, AWAY)
        except HTTPException as error:
            return _over(request, error.status_code)
        log.info("a question of clinic %s was answered by its link", asked.clinic.key)
        return RedirectResponse(address, 303, HEADERS)

    async def _entry(self, request: Request) -> Response:
        try:
            asked = await self._asked(request)
        except (NotPossible, StorageAway):
            return _over(request)
        booking = dict(enumerate(asked.bookings, 1)).get(request.path_params["place"])
        if booking is None or booking.state is not State.CONFIRMED:
            return _over(request)
        body = entry.entry(booking, asked.clinic, wording.entry(asked.clinic, booking), self._clock())
        named = {"Content-Disposition": 'attachment; filename="appointment.ics"'}
        return Response(body, media_type=entry.MEDIA_TYPE, headers=HEADERS | named)

    def _page(self, request: Request, asked: Asked, status: int = 200, notice: str = "") -> Response:
        words = wording.page_words(asked.bookings[0].language, asked.clinic)
        shown = lines(asked, self._clock())
        context = {
            "path": request.url.path,
            "clinic": asked.clinic,
            "lines": shown,
            "to_answer": [line for line in shown if line.is_open],
            "is_waiting": any(line.is_waiting for line in shown),
            "notice": words[notice] if notice else "",
        }
        return _html("page.html", words, status, context)

    def _errand(self, request: Request) -> str:
        """Raises NotPossible for a token that is not of our making."""
        errand = self._tokens.errand(request.path_params["token"])
        if errand is None:
            raise NotPossible("this link is no longer valid", "over")
        return errand

    async def _asked(self, request: Request) -> Asked:
        return await self._answers.look(self._errand(request), self._clock())


def _shown(form: Mapping[str, str], asked: Asked) -> dict[str, str]:
    """The bookings that the answer is about, with the start that the patient saw."""
    named: list[Booking] = list(asked.bookings)
    shown = {booking.id: form.get(f"start-{place}", "") for place, booking in enumerate(named, 1)}
    return {stream: start for stream, start in shown.items() if start}


def _over(request: Request, status: int = GONE) -> Response:
    """The same page for a link that is over and for one that never was, so that nobody learns which. We know no patient
    here, so the browser's language is taken."""
    wanted = [short(one.partition(";")[0].strip()) for one in request.headers.get("accept-language", "").split(",")]
    code = next((one for one in wanted if one in codes()), DEFAULT)
    return _html("over.html", wording.page_words(code), status, {})


def _html(template: str, words: Mapping[str, str], status: int, context: Mapping[str, object]) -> Response:
    direction = "rtl" if words["language"] in RIGHT_TO_LEFT else "ltr"
    html = TEMPLATES.get_template(template).render({**context, "words": words, "direction": direction})
    return HTMLResponse(html, status, HEADERS)
