"""The audit log as people read it: a sentence for each fact, and what led to it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.errands import Kind
from domain.facts import Fact
from domain.inbox import Staff
from domain.lifecycle import State
from entrypoints import audit
from entrypoints.causes import Cause, Source, causes
from entrypoints.desk.render import in_clinic_time
from entrypoints.desk.visit import Visit

KIND = re.compile(r"(\w+)")
GOOD = {"confirmed", "calendar_agreed", "confirmed_in_calendar", "confirmed_by_staff", "confirmed_by_link", "opted_in"}
BAD = {"cancelled", "changed_mind", "cancelled_in_calendar", "cancelled_by_staff", "calendar_refused", "text_refused"}
BAD |= {"cancelled_by_link", "changed_mind_by_link"}
WARN = {"way_closed", "handed_to_staff", "reply_unclear", "expired", "calendar_failed", "calendar_differs", "opted_out"}


@dataclass(frozen=True)
class Step:
    """One fact. `step` counts from 1, so that the booking after it is the one after so many facts; `raw` are its fields
    as the audit tells them; `cause_step` is where the fact that led to it stands, if it does."""

    step: int
    at: datetime
    event: str
    told: str
    because: str
    cause_step: int | None
    tone: str
    raw: Mapping[str, Any]


def timeline(visit: Visit, facts: Sequence[Fact], shown: range) -> list[Step]:
    """Facts with their causes: those whose number, from 1, is in the range."""
    places = {(fact.originator_id, fact.originator_version): place for place, fact in enumerate(facts, 1)}
    steps = []
    for place, (fact, cause) in enumerate(zip(facts, causes(facts), strict=True), 1):
        if place not in shown:
            continue
        raw = audit.event(fact, cause)
        led = cause.fact
        steps.append(
            Step(
                step=place,
                at=fact.timestamp,
                event=raw["event"],
                told=told(visit, fact, raw),
                because=_because(visit, cause),
                cause_step=places.get((led.originator_id, led.originator_version)) if led else None,
                tone=_tone(raw["event"]),
                raw={name: value for name, value in raw.items() if name not in audit.HEAD},
            )
        )
    return steps


def reason_in_words(visit: Visit, reason: str, detail: str) -> str:
    """Why staff is called; a code that this version does not know stands for itself."""
    if reason in set(Staff):
        return visit.words(f"reason.{reason}", detail=_detail_in_words(visit, detail))
    return f"{reason} {detail}".strip()


def _detail_in_words(visit: Visit, detail: str) -> str:
    """A detail is a code, or begins with the kind of an errand; what follows is the other side's own."""
    if visit.words.has(f"code.{detail}"):
        return visit.words(f"code.{detail}")
    if (found := KIND.match(detail)) and found[1] in set(Kind):
        return visit.words(f"errand.{found[1]}") + detail[found.end(1) :]
    return detail


def told(visit: Visit, fact: Fact, raw: Mapping[str, Any]) -> str:
    """One sentence."""
    if raw["event"] == "handed_to_staff":
        return reason_in_words(visit, raw["reason"], raw["detail"])
    values = {name: _in_words(visit, name, getattr(fact, name, None), shown) for name, shown in raw.items()}
    return visit.words(f"fact.{raw['event']}", **values)


def _in_words(visit: Visit, name: str, value: object, shown: object) -> str:
    if isinstance(value, datetime):
        return in_clinic_time(visit, value)
    if name == "state" and value in set(State):
        return visit.words(f"state.{value}")
    if name == "kind" and value in set(Kind):
        return visit.words(f"errand.{value}")
    if name in ("how", "status", "way", "by", "answer") and visit.words.has(f"code.{value}"):
        return visit.words(f"code.{value}")
    return "–" if shown in (None, "", []) else str(shown)


def _because(visit: Visit, cause: Cause) -> str:
    if cause.source in (Source.US, Source.STAFF):  # the sentence itself tells who
        return ""
    return visit.words(f"because.{cause.source}")


def _tone(event: str) -> str:
    tones = {"good": GOOD, "bad": BAD, "warn": WARN}
    return next((tone for tone, events in tones.items() if event in events), "")
