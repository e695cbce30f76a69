"""What staff does with a booking, from whatever page: the form names the page to go back to."""

import re
from datetime import UTC, datetime
from enum import StrEnum

from starlette.responses import Response
from starlette.routing import BaseRoute

from adapters.storage.views import BookingRow
from domain.conversation import Conversation
from domain.errors import NotPossible
from domain.facts import booking_id
from domain.lifecycle import Move, State, possible
from entrypoints.desk.guard import Guard, Page, Refused
from entrypoints.desk.links import booking_path, local_path
from entrypoints.desk.render import go_to
from entrypoints.desk.visit import Visit
from entrypoints.wiring import Service

MILLISECONDS = re.compile(r"\d{1,14}", re.ASCII)


class Act(StrEnum):
    """The last part of the address to which the form is sent."""

    CONFIRM = "confirm"
    CANCEL = "cancel"
    ASK_AGAIN = "ask-again"


MOVES = {
    Act.CONFIRM: Move.STAFF_CONFIRMS,
    Act.CANCEL: Move.STAFF_CANCELS,
    Act.ASK_AGAIN: Move.ASK_AGAIN,
}


class Acts:
    """Confirm, cancel, ask again."""

    def __init__(self, service: Service) -> None:
        desk = service.desk
        self._views = service.store.desk_views
        self._do = {Act.CONFIRM: desk.confirm, Act.CANCEL: desk.cancel, Act.ASK_AGAIN: desk.ask_again}

    def routes(self, guard: Guard) -> list[BaseRoute]:
        return [guard.post(f"/bookings/{{uid}}/{act}", self._doing(act)) for act in Act]

    def _doing(self, act: Act) -> Page:
        async def do(visit: Visit) -> Response:
            uid = visit.request.path_params["uid"]
            stream = booking_id(visit.clinic.key, uid)
            if await self._views.booking(stream) is None:
                raise Refused(404, "no_booking")
            back = local_path(visit.form.get("back", ""), booking_path(visit.base, uid))
            try:
                await self._do[act](stream, visit.session.name, visit.now, _seen(visit))
            except NotPossible as refusal:
                return go_to(back, f"refused_{refusal.code}")
            return go_to(back, act.replace("-", "_"))

        return do


def _seen(visit: Visit) -> datetime:
    """Up to when the form's page has shown what the inbox has about the booking."""
    told = visit.form.get("seen", "")
    return datetime.fromtimestamp(int(told) / 1000, UTC) if MILLISECONDS.fullmatch(told) else visit.now


def offers(row: BookingRow, conversation: Conversation | None, visit: Visit, *, by_email: bool = False) -> list[Act]:
    """What may be done with the booking as it stands; that somebody was faster is found out when it is done.
    `by_email`: the patient has an address that this clinic writes to."""
    if row.starts_at is None or row.starts_at <= visit.now:
        return []
    acts = [act for act in Act if possible(MOVES[act], State(row.state))]
    may_be_texted = conversation is not None and conversation.phone.text and not conversation.opted_out
    may_be_asked = by_email if conversation is None else may_be_texted
    return acts if may_be_asked else [act for act in acts if act is not Act.ASK_AGAIN]
