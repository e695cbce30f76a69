"""Phone numbers are masked until somebody asks. To ask is a fact in the log; the answer holds for five minutes, for
this session and this number."""

from datetime import timedelta

from starlette.responses import Response
from starlette.routing import BaseRoute

from domain.errors import NotPossible
from domain.facts import clinic_of
from entrypoints.desk.guard import Guard, Refused
from entrypoints.desk.links import local_path
from entrypoints.desk.render import go_to
from entrypoints.desk.sessions import Sessions
from entrypoints.desk.visit import Visit
from entrypoints.wiring import Service

LASTS = timedelta(minutes=5)


class Phones:
    """Shows a whole number to who has asked for it."""

    def __init__(self, service: Service, sessions: Sessions) -> None:
        self._desk = service.desk
        self._sessions = sessions

    def routes(self, guard: Guard) -> list[BaseRoute]:
        return [guard.post("/phone", self._ask)]

    async def _ask(self, visit: Visit) -> Response:
        stream, back = stream_in(visit, "stream"), local_path(visit.form.get("back", ""), f"{visit.base}/")
        try:
            await self._desk.show_phone(stream, visit.session.name, visit.now)
        except NotPossible as refusal:
            return go_to(back, f"refused_{refusal.code}")
        return go_to(back, phone=self.ticket(visit, stream))

    def ticket(self, visit: Visit, stream: str) -> str:
        """What lets this session see this stream's number for a while."""
        return self._sessions.sign(_what(visit, stream))

    def is_asked_for(self, visit: Visit, stream: str) -> bool:
        """Whether the whole number may be shown."""
        ticket = visit.request.query_params.get("phone", "")
        return bool(ticket) and self._sessions.is_signed(ticket, _what(visit, stream), LASTS)


def stream_in(visit: Visit, field: str) -> str:
    """The stream that a field of the form names. Raises Refused where it is none of this clinic's."""
    stream = visit.form.get(field, "")
    if clinic_of(stream) != visit.clinic.key:
        raise Refused(400, "not_understood")
    return stream


def _what(visit: Visit, stream: str) -> str:
    return f"{visit.session.csrf} {stream}"
