"""The page: a booking form, a phone, and the log. It works without JavaScript; with it, it updates by itself."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route

from entrypoints.sandbox.calendar import Calendar, Refused
from entrypoints.sandbox.forms import (
    PRACTITIONERS,
    Invalid,
    Problems,
    first_form,
    languages,
    read_phone,
    read_reply,
    read_slot,
)
from entrypoints.sandbox.payloads import ZONE_LABEL
from entrypoints.sandbox.phone import Phone
from entrypoints.sandbox.stream import States, changes
from entrypoints.sandbox.view import look
from entrypoints.sandbox.world import Verbs, World
from entrypoints.web.files import Files
from entrypoints.web.forms import is_from_here, read_form
from entrypoints.web.templates import templates

HERE = Path(__file__).parent
QUICK_REPLIES = ("YES", "NO", "banana")
TEMPLATES = templates(HERE / "templates")
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}

WITH_LINK = re.compile(r"(https?://\S+)")
TEMPLATES.filters["pieces"] = WITH_LINK.split  # words and links by turns

Endpoint = Callable[[Request], Awaitable[Response]]


class Page:
    """GET shows, POST does something and shows again. What was typed wrong comes back with a word of advice."""

    def __init__(
        self,
        *,
        base_url: str,
        world: World,
        calendar: Calendar,
        phone: Phone,
        states: States,
        stopping: asyncio.Event,
        on_verbs: Callable[[str], None] | None,
        desk: Callable[[], str] | None,
    ) -> None:
        self._base_url = base_url
        self._world = world
        self._calendar = calendar
        self._phone = phone
        self._states = states
        self._stopping = stopping
        self._on_verbs = on_verbs
        self._desk = desk

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/sandbox", self._show, methods=["GET"]),
            Route("/sandbox/desk", self._open_desk, methods=["GET"]),
            Route("/sandbox/events", self._events, methods=["GET"]),
            Route("/sandbox/book", self._from_here(self._book), methods=["POST"]),
            Route("/sandbox/reply", self._from_here(self._reply), methods=["POST"]),
            Route("/sandbox/host", self._from_here(self._host), methods=["POST"]),
            Route("/sandbox/verbs", self._from_here(self._verbs), methods=["POST"]),
            Mount("/sandbox/static", Files(directory=HERE / "static")),
        ]

    async def _show(self, request: Request) -> Response:
        return await self._render(request.query_params.get("phone"))

    async def _open_desk(self, _: Request) -> Response:
        """The staff's side of the same events, for the frame beside the phone."""
        link = f"{self._desk()}&next=/bookings" if self._desk else "/"
        return RedirectResponse(link, 303, {"Cache-Control": "no-store"})

    async def _events(self, _: Request) -> Response:
        stream = changes(self._world, self._states, self._stopping)
        return StreamingResponse(stream, media_type="text/event-stream", headers={"Cache-Control": "no-store"})

    async def _book(self, request: Request) -> Response:
        form = await read_form(request)
        try:
            slot = read_slot(form, self._world.now())
        except Invalid as invalid:
            return await self._render(None, form, invalid.problems)
        await self._calendar.book(slot.patient, slot.phone, slot.practitioner, slot.starts_at, slot.language)
        return _back(slot.phone)

    async def _reply(self, request: Request) -> Response:
        form = await read_form(request)
        try:
            phone, text = read_reply(form)
        except Invalid as invalid:
            return await self._render(form.get("phone"), form, invalid.problems)
        await self._phone.reply(phone, text)
        return _back(phone)

    async def _host(self, request: Request) -> Response:
        """The practitioner acts in Cal.com itself, past the product."""
        form = await read_form(request)
        uid, act = form.get("uid", ""), form.get("action", "")
        try:
            await self._act(uid, act)
        except Refused as refused:
            return await self._render(None, problems={"host": f"Cal.com refuses: {refused.message}."})
        return _back(self._calendar.known(uid).phone)

    async def _act(self, uid: str, act: str) -> None:
        host = self._calendar.known(uid).practitioner
        if act == "confirm":
            await self._calendar.confirm(uid)
        elif act == "decline":
            await self._calendar.decline(uid, f"Declined by {host}")
        elif act == "cancel":
            await self._calendar.cancel(uid, f"Cancelled by {host}")
        else:
            raise Refused(400, "a host can confirm, decline or cancel")

    async def _verbs(self, request: Request) -> Response:
        form = await read_form(request)
        try:
            verbs = Verbs(form.get("verbs", ""))
        except ValueError:
            return await self._render(None, problems={"host": "Choose the concept page's calls or the real API's."})
        self._world.speak(verbs)
        if self._on_verbs:
            self._on_verbs(verbs.value)
        return _back(read_phone(form.get("phone", "")))

    async def _render(
        self, phone: str | None, typed: Mapping[str, str] | None = None, problems: Problems | None = None
    ) -> Response:
        html = TEMPLATES.get_template("page.html").render(
            view=look(self._world, await self._states(), phone),
            form=first_form(self._world.now()) | dict(typed or {}),
            problems=problems or {},
            practitioners=PRACTITIONERS,
            languages=languages(),
            quick_replies=QUICK_REPLIES,
            zone=ZONE_LABEL,
            has_desk=self._desk is not None,
        )
        return HTMLResponse(html, 422 if problems else 200, HEADERS)

    def _from_here(self, endpoint: Endpoint) -> Endpoint:
        """Refuse a form that another site's page sends."""

        async def guarded(request: Request) -> Response:
            if is_from_here(request, self._base_url):
                return await endpoint(request)
            return PlainTextResponse("This form belongs to the sandbox's own page.", 403)

        return guarded


def _back(phone: str | None) -> Response:
    query = "?" + urlencode({"phone": phone}) if phone else ""
    return RedirectResponse("/sandbox" + query, 303)
