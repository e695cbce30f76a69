"""Inbox: what only a person can settle, with the conversation and what can be done about it."""

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from adapters.storage.database import milliseconds
from adapters.storage.desk import Entry, Line
from domain.conversation import Conversation
from domain.errors import NotPossible
from domain.inbox import Care, Staff
from entrypoints.desk.acts import Act, offers
from entrypoints.desk.chat import Said, chat
from entrypoints.desk.guard import Guard, Refused
from entrypoints.desk.links import as_mark, local_path, mark_in
from entrypoints.desk.phones import Phones, stream_in
from entrypoints.desk.render import go_to, render
from entrypoints.desk.timeline import reason_in_words
from entrypoints.desk.visit import Visit
from entrypoints.wiring import Service

PAGE = 20
TEXTS_READ = 200  # facts of the conversation, to find an older item's texts among them
TEXTS_BEFORE, TEXTS_AFTER = 5, 3  # that are shown around the one that an item is about
Talk = tuple[Conversation | None, list[Said]]
VERSION = re.compile(r"\d{1,9}", re.ASCII)
GROUPS: Mapping[str, tuple[Staff, ...]] = {
    "unclear": (
        Staff.NOT_UNDERSTOOD,
        Staff.NO_ANSWER_ASKED,
        Staff.BEFORE_THE_QUESTION,
        Staff.SAID_MORE,
        Staff.OTHER_TIME,
        Staff.STRANGER,
        Staff.CAME_LATE,
    ),
    "no_answer": (Staff.NO_ANSWER, Staff.ANSWER_TOO_LATE, Staff.NO_AFTER_THE_START),
    "undeliverable": (
        Staff.TEXT_NOT_DELIVERED,
        Staff.NO_WAY,
        Staff.TEXT_REFUSED,
        Staff.TEXT_GIVEN_UP,
        Staff.NEVER_REACHED,
        Staff.NO_TIME_TO_ASK,
        Staff.WRONG_NUMBER,
        Staff.CARRIER_CLOSED,
        Staff.MAIL_CLOSED,
    ),
    "opted_out": (Staff.OPTED_OUT, Staff.CANCELLED_AND_OPTED_OUT),
    "in_doubt": (Staff.TEXT_IN_DOUBT,),
    "no_phone": (Staff.NO_PHONE,),
    "calendar": (
        Staff.CALENDAR_REFUSED,
        Staff.CALENDAR_CLOSED,
        Staff.CALENDAR_DIFFERS,
        Staff.SERIES_UNDECIDED,
        Staff.SEAT_GIVEN_UP,
    ),
}


@dataclass(frozen=True)
class Task:
    """An item as it is shown: `why` is a sentence, `phone` None where there is none; `acts` for each booking."""

    entry: Entry
    why: str
    lines: list[tuple[Line, list[Act]]]
    chat: list[Said]
    phone: str | None
    phone_of: str
    shows_phone: bool

    @property
    def key(self) -> str:
        """An HTML id."""
        return f"item-{self.entry.item.stream}-{self.entry.item.version}"


class Inbox:
    """What waits for a person, oldest first; or what people are done with, the latest first."""

    def __init__(self, service: Service, phones: Phones) -> None:
        self._views = service.store.desk_views
        self._ledger = service.store.ledger
        self._desk = service.desk
        self._phones = phones

    def routes(self, guard: Guard) -> list[BaseRoute]:
        return [guard.get("/inbox", self._show), guard.post("/inbox/care", self._take_care)]

    async def _show(self, visit: Visit) -> Response:
        clinic, asked = visit.clinic.key, visit.request.query_params
        kind, after = asked.get("kind", ""), mark_in(asked.get("after", ""))
        if kind == "done":
            entries = await self._views.done(clinic, after=after, limit=PAGE + 1)
        else:
            reasons = [str(reason) for reason in GROUPS.get(kind, ())]
            entries = await self._views.inbox(clinic, reasons=reasons, after=after, limit=PAGE + 1)
        if after and not entries:
            same = f"?kind={kind}" if kind in (*GROUPS, "done") else ""
            return RedirectResponse(f"{visit.base}/inbox{same}", 303)
        shown, counts = entries[:PAGE], await self._views.inbox_counts(clinic)
        lines = await self._views.lines(stream for entry in shown for stream in entry.item.bookings)
        talks = await self._talks({_conversation_of(entry, lines) for entry in shown} - {""})
        return render(
            visit,
            "inbox.html",
            kind=kind,
            tasks=[self._task(visit, entry, lines, talks) for entry in shown],
            counts={name: sum(counts.get(reason, 0) for reason in group) for name, group in GROUPS.items()},
            seen=_seen(shown),
            total=sum(counts.values()),
            next_mark=as_mark(entries[PAGE - 1].mark) if len(entries) > PAGE else "",
            care=Care,
        )

    async def _talks(self, streams: Iterable[str]) -> dict[str, Talk]:
        """Each conversation once, however many items are about it."""
        wanted = list(streams)
        found = await asyncio.gather(*(self._talk(stream) for stream in wanted))
        return dict(zip(wanted, found, strict=True))

    async def _talk(self, stream: str) -> Talk:
        return await self._ledger.conversation(stream), chat(await self._ledger.texts(stream, TEXTS_READ))

    def _task(self, visit: Visit, entry: Entry, known: Mapping[str, Line], talks: Mapping[str, Talk]) -> Task:
        item = entry.item
        lines = [known[stream] for stream in item.bookings if stream in known]
        conversation, texts = talks.get(_conversation_of(entry, known), (None, []))
        phone_of = lines[0].booking.stream if lines else item.stream
        return Task(
            entry=entry,
            why=reason_in_words(visit, item.reason, item.detail),
            lines=[(line, offers(line.booking, conversation, visit)) for line in lines],
            chat=_around(texts, entry.at),
            phone=lines[0].booking.phone if lines else conversation.phone.text if conversation else None,
            phone_of=phone_of,
            shows_phone=self._phones.is_asked_for(visit, phone_of),
        )

    async def _take_care(self, visit: Visit) -> Response:
        form, who = visit.form, visit.session.name
        back, stream = local_path(form.get("back", ""), f"{visit.base}/inbox"), stream_in(visit, "stream")
        if form.get("care") not in set(Care) or not VERSION.fullmatch(form.get("version", "")):
            raise Refused(400, "not_understood")
        care = Care(form["care"])
        phone_of = stream_in(visit, "phone_of") if care is Care.CALLING else ""
        try:
            await self._desk.take_care(stream, int(form["version"]), care, who, visit.now)
            if not phone_of:
                return go_to(back, f"item_{care}")
            await self._desk.show_phone(phone_of, who, visit.now)
        except NotPossible as refusal:
            return go_to(back, f"refused_{refusal.code}")
        return go_to(back, "item_calling", phone=self._phones.ticket(visit, phone_of))


def _conversation_of(entry: Entry, lines: Mapping[str, Line]) -> str:
    """The stream of the conversation to which the item belongs; "" for none."""
    own, about = entry.item.stream, [lines[stream] for stream in entry.item.bookings if stream in lines]
    streams = [own, *(line.booking.conversation or "" for line in about)]
    return next((one for one in streams if one.startswith("conversation-")), "")


def _seen(entries: Sequence[Entry]) -> dict[str, int]:
    """For each booking, when the newest of these came up that are about it, in milliseconds."""
    seen: dict[str, int] = {}
    for entry in entries:
        for stream in entry.item.bookings:
            seen[stream] = max(seen.get(stream, 0), milliseconds(entry.at) or 0)
    return seen


def _around(texts: Sequence[Said], at: datetime) -> list[Said]:
    """What was said when the item came up."""
    place = sum(text.at <= at for text in texts)
    return list(texts[max(0, place - TEXTS_BEFORE) : place + TEXTS_AFTER])
