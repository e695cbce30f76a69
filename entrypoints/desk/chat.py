"""A conversation as people read it: what the patient wrote, what we wrote, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from domain.conversation_facts import Heard, QuestionAsked
from domain.correspondence import DeliveryReported, TextRefused, TextSent
from domain.errands import Kind
from domain.facts import Fact, Private
from domain.replies import Answer
from domain.ways import Way
from entrypoints.logs import without_links

ON_ITS_WAY = "on_its_way"
ACCEPTED, REFUSED = "accepted", "refused"


@dataclass(frozen=True)
class Said:
    """One text. `words` are None after an erasure. `fate` is what became of a text of ours ("on_its_way", "accepted",
    "refused", or what the carrier reported) with the carrier's `code`; `meaning` is what a patient's text was taken to
    mean, and `outcome` what came of it. `way` is that by which it went."""

    key: str
    at: datetime
    words: str | None
    is_ours: bool
    fate: str = ""
    code: str = ""
    meaning: str = ""
    outcome: str = ""
    pictures: int = 0
    way: Way = Way.SMS

    @property
    def is_clear(self) -> bool:
        """Whether there is a meaning to tell."""
        return self.meaning not in ("", Answer.UNCLEAR)


def chat(facts: Sequence[Fact]) -> list[Said]:
    """The texts that these facts tell of, in their order."""
    said: list[Said] = []
    places: dict[str, int] = {}
    heard_by = Way.SMS
    for fact in facts:
        if isinstance(fact, Heard):
            said.append(_heard(fact))
            heard_by = said[-1].way
        elif isinstance(fact, QuestionAsked):
            places[fact.errand] = len(said)
            said.append(_ours(fact, fact.words, ON_ITS_WAY, heard_by))
        elif isinstance(fact, TextSent) and fact.errand not in places and fact.words is not None:
            places[fact.errand] = len(said)
            said.append(_ours(fact, fact.words, ACCEPTED, heard_by))
        elif isinstance(fact, TextSent | TextRefused | DeliveryReported) and fact.errand in places:
            place = places[fact.errand]
            said[place] = _become(said[place], fact)
    return said


def _heard(fact: Heard) -> Said:
    told = {"meaning": fact.meaning, "outcome": fact.outcome, "pictures": fact.pictures, "way": Way(fact.by)}
    return Said(_key(fact), fact.sent_at or fact.timestamp, fact.words.text, is_ours=False, **told)  # type: ignore[arg-type]


def _ours(fact: QuestionAsked | TextSent, words: Private, fate: str, heard_by: Way) -> Said:
    """A question has a way of its own; an answer goes back by the way on which the patient wrote."""
    way = Kind(fact.kind).way or heard_by
    shown = words.text if words.text is None else without_links(words.text)
    return Said(_key(fact), fact.timestamp, shown, is_ours=True, fate=fate, way=way)


def _become(said: Said, fact: TextSent | TextRefused | DeliveryReported) -> Said:
    if isinstance(fact, DeliveryReported):
        return replace(said, fate=fact.status, code=fact.error_code)
    if isinstance(fact, TextRefused):
        return replace(said, fate=REFUSED, code=fact.code)
    return replace(said, fate=ACCEPTED) if said.fate == ON_ITS_WAY else said


def _key(fact: Fact) -> str:
    """An HTML id: no two facts of one conversation and its bookings share one."""
    return f"said-{fact.originator_version}-{fact.command[:12]}"
