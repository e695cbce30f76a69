"""Who may see a page, and who may do something there. Every page of the desk stands behind this."""

import hmac
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from datetime import datetime
from urllib.parse import quote, urlencode

from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from domain.errors import StorageAway
from entrypoints.desk.headers import Headers
from entrypoints.desk.render import render
from entrypoints.desk.sessions import NOBODY, Sessions
from entrypoints.desk.site import Site
from entrypoints.desk.visit import Visit
from entrypoints.desk.words import LANGUAGES, choose, words
from entrypoints.web.forms import is_from_here, read_form

log = logging.getLogger("replyes.desk")

LANGUAGE = "replyes_language"
OF_CLINIC = "/clinics/{clinic}"
TOO_LARGE = 413
A_YEAR = 365 * 24 * 3600

Page = Callable[[Visit], Awaitable[Response]]


class Refused(Exception):
    """The visitor is told why not: the words of `refused.<why>`."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why


class Guard:
    """Makes routes of pages and of acts.

    A page is shown to whoever has signed in; others are led to the sign-in page. An act is done for whoever has signed
    in and sends a form of ours: `visit.form` holds it. `anybody`: without a session, as signing in itself. `of_clinic`:
    the page is about one clinic, `visit.clinic`, which is not there for who has not signed in for it. `waiting` counts
    a clinic's inbox.
    """

    def __init__(
        self, site: Site, sessions: Sessions, now: Callable[[], datetime], waiting: Callable[[str], Awaitable[int]]
    ) -> None:
        self._site = site
        self._sessions = sessions
        self._now = now
        self._waiting = waiting

    def get(self, path: str, page: Page, *, anybody: bool = False) -> Route:
        """The route of a page."""
        return self._route(self._whole(path, of_clinic=not anybody), "GET", self._to_see(page, anybody=anybody))

    def post(self, path: str, act: Page, *, anybody: bool = False, of_clinic: bool = True) -> Route:
        """The route of something that is done."""
        whole = self._whole(path, of_clinic=of_clinic and not anybody)
        return self._route(whole, "POST", self._to_do(act, anybody=anybody))

    def short(self, routes: Iterable[BaseRoute]) -> list[BaseRoute]:
        """Where there are several clinics, the addresses of these pages without one lead to the visitor's first."""
        pages = [route for route in routes if isinstance(route, Route) and "GET" in (route.methods or ())]
        paths = [page.path.removeprefix(OF_CLINIC) for page in pages if page.path.startswith(OF_CLINIC)]
        return [self._route(path, "GET", self._to_see(self._to_the_first, anybody=False)) for path in paths]

    def _whole(self, path: str, *, of_clinic: bool) -> str:
        return f"{OF_CLINIC}{path}" if of_clinic and self._site.has_several else path

    def _route(self, path: str, method: str, page: Page) -> Route:
        async def endpoint(request: Request) -> Response:
            return await self._answer(self._visit(request), page)

        return Route(path, endpoint, methods=[method], middleware=[Middleware(Headers, site=self._site)])

    def _visit(self, request: Request) -> Visit:
        accepted = request.headers.get("accept-language", "")
        session = self._sessions.read(request.cookies) or NOBODY
        key = request.path_params.get("clinic", "")
        clinic = self._site.clinics[key] if key in self._site.clinics and session.opens(key) else self._site.front
        language = choose(request.cookies.get(LANGUAGE, ""), accepted, clinic.languages)
        return Visit(request, self._site, clinic, session, words(language), self._now())

    async def _answer(self, visit: Visit, page: Page) -> Response:
        """Whatever goes wrong is told on a page."""
        try:
            if not self._site.is_open:
                raise Refused(403, "closed")
            return await page(visit)
        except Refused as refused:
            status, why = refused.status, refused.why
        except HTTPException as error:
            status, why = error.status_code, "too_large" if error.status_code == TOO_LARGE else "not_understood"
        except StorageAway as error:
            log.error("%s: %s", visit.path, error)
            status, why = 503, "away"
        except Exception:
            log.exception("%s failed", visit.path)
            status, why = 500, "fault"
        return render(visit, "refused.html", status, why=why)

    def _to_see(self, page: Page, *, anybody: bool) -> Page:
        async def see(visit: Visit) -> Response:
            if (wanted := visit.request.query_params.get("lang")) in LANGUAGES:
                return self._speak(visit, str(wanted))
            if visit.session is NOBODY and not anybody:
                return self._to_the_door(visit)
            _check_clinic(visit)
            waiting = 0 if visit.session is NOBODY else await self._waiting(visit.clinic.key)
            return await page(replace(visit, waiting=waiting))

        return see

    def _to_do(self, act: Page, *, anybody: bool) -> Page:
        async def do(visit: Visit) -> Response:
            if not is_from_here(visit.request, self._site.url):
                raise Refused(403, "foreign")
            if visit.session is NOBODY and not anybody:
                raise Refused(403, "signed_out")
            _check_clinic(visit)
            form = await read_form(visit.request)
            sent = form.pop("csrf", "")
            if not anybody and not hmac.compare_digest(sent.encode(), visit.session.csrf.encode()):
                raise Refused(403, "stale")
            return await act(replace(visit, form=form))

        return do

    async def _to_the_first(self, visit: Visit) -> Response:
        opened = next((key for key in self._site.clinics if visit.session.opens(key)), None)
        if opened is None:
            raise Refused(404, "no_clinic")
        return RedirectResponse(self._site.at(opened) + visit.here, 303)

    def _to_the_door(self, visit: Visit) -> Response:
        framed = visit.request.headers.get("sec-fetch-dest") == "iframe"  # the sandbox does not stand in itself
        if visit.path == "/" and self._site.front_door and not framed:
            return RedirectResponse(self._site.front_door, 303)
        return RedirectResponse(f"/sign-in?next={quote(visit.here, safe='/')}", 303)

    def _speak(self, visit: Visit, language: str) -> Response:
        """Remember the language, and show the page again."""
        asked = [pair for pair in visit.request.query_params.multi_items() if pair[0] != "lang"]
        response = RedirectResponse(visit.path + (f"?{urlencode(asked)}" if asked else ""), 303)
        response.set_cookie(
            LANGUAGE, language, A_YEAR, path="/", secure=self._site.is_https, httponly=True, samesite="lax"
        )
        return response


def _check_clinic(visit: Visit) -> None:
    """Whether the clinic of the address is there for this visitor, who learns nothing of others."""
    if visit.request.path_params.get("clinic", visit.clinic.key) != visit.clinic.key:
        raise Refused(404, "no_clinic")
