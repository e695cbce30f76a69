"""Signing in and out."""

import asyncio
import logging

from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from entrypoints.desk.guard import Guard
from entrypoints.desk.links import local_path
from entrypoints.desk.once import Links
from entrypoints.desk.passwords import Passwords
from entrypoints.desk.render import render
from entrypoints.desk.sessions import NOBODY, Sessions
from entrypoints.desk.tries import Tries
from entrypoints.desk.visit import Visit

log = logging.getLogger("replyes.desk")

LONGEST_NAME = 60
NAME_IN_SANDBOX = "sandbox"


class Access:
    """The door of the desk. `links`: None where nobody may come in by a link."""

    def __init__(self, sessions: Sessions, passwords: Passwords, tries: Tries, links: Links | None) -> None:
        self._sessions = sessions
        self._passwords = passwords
        self._tries = tries
        self._links = links
        self._one_at_a_time = asyncio.Lock()

    def routes(self, guard: Guard) -> list[BaseRoute]:
        return [
            guard.get("/sign-in", self._show, anybody=True),
            guard.post("/sign-in", self._sign_in, anybody=True),
            guard.post("/sign-out", self._sign_out, of_clinic=False),
        ]

    def one_time_link(self) -> str:
        """A path that signs in once, within ten minutes."""
        if self._links is None:
            raise RuntimeError("only the sandbox's desk is opened by a link")
        return self._links.make()

    async def _show(self, visit: Visit) -> Response:
        asked = visit.request.query_params
        if self._links and "once" in asked and visit.request.method == "GET":
            if self._links.take(asked["once"]):
                return self._welcome(visit, NAME_IN_SANDBOX, local_path(asked.get("next", "")))
            return _form(visit, 403, "used")
        if visit.session is not NOBODY:
            return RedirectResponse(local_path(asked.get("next", "")), 303)
        return _form(visit)

    async def _sign_in(self, visit: Visit) -> Response:
        name, typed = visit.form.get("name", "").strip(), visit.form.get("password", "")
        if not name or len(name) > LONGEST_NAME or not name.isprintable():
            return _form(visit, 422, "name")
        address = visit.request.client.host if visit.request.client else "unknown"
        if wait := self._tries.wait(address):
            return _too_often(visit, wait)
        async with self._one_at_a_time:
            if wait := self._tries.wait(address):  # others of this address may have failed meanwhile
                return _too_often(visit, wait)
            opened = await self._passwords.opened_by(typed)
            if opened is None:
                self._tries.failed(address)
                log.warning("a wrong password at the desk, from %s", address)
                return _form(visit, 401, "password")
        self._tries.succeeded(address)
        return self._welcome(visit, name, local_path(visit.form.get("next", "")), opened)

    def _welcome(self, visit: Visit, name: str, path: str, clinics: tuple[str, ...] = ()) -> Response:
        log.info("%s has signed in at the desk, from %s", name, visit.request.client and visit.request.client.host)
        response = RedirectResponse(path, 303)
        self._sessions.begin(response, name, clinics)
        return response

    async def _sign_out(self, visit: Visit) -> Response:
        log.info("%s has signed out", visit.session.name)
        response = RedirectResponse("/sign-in", 303)
        self._sessions.end(response)
        return response


def _form(visit: Visit, status: int = 200, problem: str = "", **values: object) -> Response:
    told = visit.words(f"sign_in.{problem}", **values) if problem else ""
    asked_for = visit.form.get("next") or visit.request.query_params.get("next", "")
    typed = {"name": visit.form.get("name", "")[:LONGEST_NAME], "next": local_path(asked_for)}
    return render(visit, "sign_in.html", status, problem=told, problem_with=problem, typed=typed)


def _too_often(visit: Visit, wait: int) -> Response:
    response = _form(visit, 429, "too_often", n=-(-wait // 60))
    response.headers["Retry-After"] = str(wait)
    return response
