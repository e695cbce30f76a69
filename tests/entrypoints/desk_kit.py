"""What the tests of the desk share: the product with its desk, and somebody with a browser. No tests of its own."""

import asyncio
import re
from collections.abc import Mapping

import httpx
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute

from entrypoints.desk.app import open_desk
from entrypoints.desk.guard import Guard
from entrypoints.desk.visit import Visit
from entrypoints.settings import DeskSettings
from entrypoints.web import app
from tests.entrypoints.conftest import PUBLIC_URL, Product

PASSWORD = "correct horse battery"
SESSION = "__Host-replyes_session"
PLAIN_SESSION = "replyes_session"
ADDRESS = "203.0.113.7"


class Probe:
    """A page and an act that only remember who came, and a page that fails."""

    def __init__(self) -> None:
        self.done: list[tuple[str, Mapping[str, str]]] = []
        self.failing: Exception | None = None

    def routes(self, guard: Guard) -> list[BaseRoute]:
        return [guard.get("/probe", self._show), guard.post("/probe", self._do)]

    async def _show(self, visit: Visit) -> Response:
        if self.failing:
            raise self.failing
        return PlainTextResponse(visit.session.name)

    async def _do(self, visit: Visit) -> Response:
        self.done.append((visit.session.name, visit.form))
        return PlainTextResponse("done")


class Desk:
    """The desk as one browser sees it. Cookies are kept, redirects are not followed."""

    def __init__(
        self,
        product: Product,
        *,
        password: str = PASSWORD,
        url: str = PUBLIC_URL,
        in_sandbox: bool = False,
        address: str = ADDRESS,
        of_clinics: Mapping[str, str] | None = None,
    ) -> None:
        self.product = product
        self.stopping = asyncio.Event()
        self.probe = Probe()
        self.desk = product.runner.run(
            open_desk(
                product.service, DeskSettings(password, url, of_clinics or {}), self.stopping, in_sandbox=in_sandbox
            )
        )
        self.web = app.build(product.service, [*self.desk.routes(), *self.probe.routes(self.desk._guard)])
        self.url = url
        self.cookies = httpx.Cookies()
        self.address = address

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.ask("GET", path, headers=headers)

    def post(self, path: str, form: Mapping[str, str] | None = None, **headers: str) -> httpx.Response:
        return self.ask("POST", path, headers=headers, data=dict(form or {}))

    def ask(self, method: str, path: str, **request: object) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.web, client=(self.address, 4000))
            async with httpx.AsyncClient(
                transport=transport, base_url=self.url, trust_env=False, cookies=self.cookies
            ) as client:
                response = await client.request(method, path, **request)
                self.cookies = client.cookies
                return response

        return self.product.runner.run(ask())

    def sign_in(self, name: str = "Ana", password: str = PASSWORD, **form: str) -> httpx.Response:
        return self.post("/sign-in", {"name": name, "password": password, **form})

    def csrf(self, path: str = "/") -> str:
        """The token in the forms of this page."""
        found = re.search(r'name="csrf" value="([0-9a-f]{64})"', self.get(path).text)
        assert found
        return found[1]
