"""What must hold of the texts that we send."""

from collections import Counter, defaultdict
from datetime import timedelta

from domain import booking_facts as of_booking
from domain.conversation_facts import BookingJoined, Heard, OptedIn, Outcome, QuestionAsked
from domain.correspondence import TextSent, TextWithheld
from domain.errands import Kind, errand_key
from domain.facts import Fact
from tests.crash.evidence import Evidence
from tests.crash.patients import Patient
from tests.crash.rules import Checked
from tests.wire.fake_twilio import Text

ON_ITS_WAY = timedelta(seconds=10)  # so long may the call take that carries a question which is fixed already
IN_DOUBT = "text_in_doubt"
KINDS = {"question": "ask", "question about both": "ask", "clarification": "clarify"}


def no_errand_is_accepted_twice(evidence: Evidence) -> Checked:
    """Rule 2, by the carrier's records and ours."""
    checked = Checked("at most one acceptance for each errand, and it is recorded")
    by_key: dict[str, list[Text]] = defaultdict(list)
    for text in evidence.texts:
        by_key[text.key].append(text)
    for key, texts in by_key.items():
        checked.expect(len(texts) == 1, f"errand {key} was accepted {len(texts)} times: {texts}", texts[0].to)
    for phone in evidence.world.by_phone:
        _records_are_right(evidence, phone, checked)
    return checked


def _records_are_right(evidence: Evidence, phone: str, checked: Checked) -> None:
    """Each text is recorded, under its errand's key or under its twin's."""
    facts, texts = evidence.facts(phone), evidence.world.carrier.texts_to(phone)
    sent = {fact.errand: fact.message_id for fact in facts if isinstance(fact, TextSent | of_booking.SmsSent)}
    called_for = _called_for(facts)
    for text in texts:
        recorded = text.key in sent or text.key in evidence.dead or text.sid in evidence.twins
        checked.expect(text.key in called_for, f"errand {text.key} is called for by no fact", phone)
        checked.expect(recorded, f"errand {text.key} was accepted and not recorded", phone)
    for key, sid in sent.items():
        accepted = key in {text.key for text in texts} or sid in evidence.twins
        checked.expect(accepted, f"errand {key} is recorded as sent, and was never accepted", phone)


def _called_for(facts: list[Fact]) -> set[str]:
    """The keys of all texts that these facts may cause."""
    found = set()
    for fact in facts:
        stream, version = fact.originator_id, fact.originator_version
        if isinstance(fact, BookingJoined | OptedIn):
            found.add(errand_key(stream, version, Kind.ASK))
        elif isinstance(fact, Heard) and fact.says:
            clarifies = fact.outcome == Outcome.UNCLEAR
            found.add(errand_key(stream, version, Kind.CLARIFY if clarifies else Kind.ANSWER))
        elif isinstance(fact, of_booking.Answered):
            found.add(errand_key(stream, version, Kind.ACKNOWLEDGE))
    return found


def phones_have_the_texts_of_the_script(evidence: Evidence) -> Checked:
    """Rule 2, by the script: what the patient has said calls for certain texts, and only staff may stand in for one."""
    checked = Checked("each phone has exactly the texts that its patient's script calls for")
    for patient in evidence.world.patients:
        if patient.plan.host:
            continue
        least, most = _due(evidence, patient)
        missing, surplus = Counter(least) - Counter(patient.heard), Counter(patient.heard) - Counter(most)
        if patient.plan.bookings > 1:
            surplus -= Counter({"question": 1})  # about the first, before the second was there
        checked.expect(not surplus, f"texts too many: {dict(surplus)}, {patient.plan.name}", patient.phone)
        dead = evidence.dead_texts(patient.phone)
        for kind, times in missing.items():
            excused = dead[KINDS.get(kind, "acknowledge")]
            checked.expect(times <= excused, f"{kind}: {times} missing, {excused} with staff", patient.phone)
    return checked


def _due(evidence: Evidence, patient: Patient) -> tuple[list[str], list[str]]:
    """At least and at most: a question, and what each answer calls for: one clarification, or an acknowledgement for
    what it decided, which is one for each booking where the calendar takes its time."""
    least, most = patient.plan.texts[:1], patient.plan.texts[:1]
    for said in patient.said:
        kind = {"yes": "confirmed", "no": "cancelled", "unclear": "clarification"}[said.meaning]
        decided = 1 if patient.plan.bookings == 1 else len(_decided_by(evidence, patient, said.text.sid))
        least += [kind] * min(decided, 1)
        most += [kind] * decided
    return least, most


def _decided_by(evidence: Evidence, patient: Patient, sid: str) -> list[Fact]:
    facts = [fact for booking in patient.bookings for fact in evidence.log.bookings.get(booking.uid, [])]
    return [fact for fact in facts if isinstance(fact, of_booking.Answered) and fact.message_id == sid]


def doubts_are_looked_up_and_told(evidence: Evidence) -> Checked:
    """Rule 2, where nobody could know: a person was called, and what the carrier could have told was believed."""
    checked = Checked("each text in doubt was looked up, and is with staff")
    blind = {misbehaved.request.query.get("To") for misbehaved in evidence.world.faults["carrier"].done}
    accepted = {text.key for text in evidence.texts if text.sid not in evidence.twins}
    for key, errand in evidence.dead.items():
        told = [detail for stream, reason, detail in evidence.inbox if stream == errand.stream and reason == IN_DOUBT]
        phone = next(phone for phone, stream in evidence.log.streams.items() if stream == errand.conversation)
        checked.expect(any(detail.startswith(errand.kind) for detail in told), f"{errand} and nobody knows", phone)
        checked.expect(key not in accepted or phone in blind, f"{errand} was accepted and not found", phone)
    for errand in evidence.outbox:
        checked.expect(errand.status == "dead", f"left over: {errand}")
    return checked


def no_question_after_a_decision(evidence: Evidence) -> Checked:
    """Rule 5."""
    checked = Checked("no question after a decision")
    accepted = {text.key: text for text in evidence.texts}
    for phone in evidence.world.by_phone:
        questions = [fact for fact in evidence.log.conversations[phone] if isinstance(fact, QuestionAsked)]
        for booking in evidence.world.by_phone[phone].bookings:
            facts = evidence.log.bookings.get(booking.uid, [])
            ends = [
                fact
                for fact in facts
                if isinstance(fact, of_booking.Moved) and fact.state in ("confirmed", "cancelled")
            ]
            if not ends:
                continue
            late = [one for one in facts if isinstance(one, of_booking.QuestionPut) and _is_after(one, ends[0])]
            checked.expect(not late, f"{booking.uid}: a question was put after the decision", phone)
            for question in questions:
                text = accepted.get(question.errand)
                if text and ends[0].originator_id in question.bookings:
                    in_time = text.at <= ends[0].timestamp + ON_ITS_WAY
                    checked.expect(in_time, f"{booking.uid}: asked at {text.at}, decided {ends[0].timestamp}", phone)
    return checked


def _is_after(fact: Fact, other: Fact) -> bool:
    return fact.originator_version > other.originator_version


def withheld(evidence: Evidence) -> Counter[str]:
    """Why texts that were due were not sent."""
    facts = [fact for phone in evidence.world.by_phone for fact in evidence.facts(phone)]
    return Counter(str(fact.reason) for fact in facts if isinstance(fact, TextWithheld))
