"""Today."""

from starlette.responses import Response
from starlette.routing import BaseRoute

from entrypoints.desk.guard import Guard
from entrypoints.desk.render import render
from entrypoints.desk.visit import Visit


class Home:
    """The page with which a day begins."""

    def routes(self, guard: Guard) -> list[BaseRoute]:
        return [guard.get("/", self._today)]

    async def _today(self, visit: Visit) -> Response:
        return render(visit, "today.html")
