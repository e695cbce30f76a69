"""What must hold of what patients say."""

from collections import Counter

from domain import booking_facts as of_booking
from domain.conversation_facts import Outcome, QuestionAsked
from domain.correspondence import TextSent
from tests.crash.evidence import Evidence
from tests.crash.patients import Patient
from tests.crash.rules import Checked

WANTED = {"yes": "confirmed", "no": "cancelled"}
OPEN = ("requested", "sms_sent", "invalid_reply")


def every_text_is_heard_once(evidence: Evidence) -> Checked:
    """Rule 1."""
    checked = Checked("each patient's text has exactly one outcome")
    carrier, heard = evidence.world.carrier, Counter(fact.message_id for fact in evidence.heard)
    for text in carrier.received:
        if carrier.was_taken(text):
            checked.expect(text.sid not in evidence.unheard, f"{text.sid}: answered and not stored", text.phone)
        checked.expect(heard[text.sid] == 1, f"{text.sid}: {heard[text.sid]} outcomes after the sweep", text.phone)
    checked.expect(Counter(evidence.heard_messages) == heard, "the table of heard messages is not what the facts say")
    return checked


def no_unclear_text_decides(evidence: Evidence) -> Checked:
    """Rule 6, and its reverse: what decides says so."""
    checked = Checked("an unclear text never decides, a clear one as it says")
    meanings = {said.text.sid: said.meaning for one in evidence.world.patients for said in one.said}
    for fact in evidence.heard:
        if meanings.get(fact.message_id) == "unclear":
            checked.expect(fact.outcome != Outcome.DECIDED, f"{fact.message_id} decided")
    for booking, facts in evidence.bookings():
        for fact in facts:
            if isinstance(fact, of_booking.Answered):
                wanted = "yes" if fact.state == "confirmed" else "no"
                said = meanings.get(fact.message_id)
                checked.expect(said == wanted, f"{fact.state} by a text that says {said}", booking.phone)
    return checked


def patients_get_what_they_said(evidence: Evidence) -> Checked:
    """Rule 8, second half: the last clear word counts, unless the host has interfered. Who was asked about two
    bookings, and answered before the question about both was proved, has answered the question before it."""
    checked = Checked("each answered booking is as its patient said last")
    for patient in evidence.world.patients:
        if patient.plan.host:
            continue
        wanted = WANTED[patient.decision] if patient.decision else None
        for booking in patient.bookings:
            ours = evidence.log.states.get(booking.uid, "unknown")
            if wanted and ours != wanted and _answered_the_older_question(evidence, patient, booking.uid):
                checked.notes.append("a YES or NO for two bookings that reached only the older question")
                continue
            fits = ours == wanted if wanted else ours in OPEN
            told = f"{booking.uid}: {ours}, and the patient said {[one.meaning for one in patient.said]}"
            checked.expect(fits, told, patient.phone)
    return checked


def _answered_the_older_question(evidence: Evidence, patient: Patient, uid: str) -> bool:
    """Whether the newer question was not proved yet when the answer was heard."""
    if patient.plan.bookings < 2:
        return False
    facts = evidence.log.conversations[patient.phone]
    stream = f"booking-main-{uid}"
    naming = [fact.errand for fact in facts if isinstance(fact, QuestionAsked) and stream in fact.bookings]
    proofs = [fact for fact in facts if isinstance(fact, TextSent) and fact.errand in naming]
    heard = [fact for fact in evidence.heard if fact.message_id in {said.text.sid for said in patient.said}]
    return bool(heard) and all(proof.originator_version > heard[0].originator_version for proof in proofs)
