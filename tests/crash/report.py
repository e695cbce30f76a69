"""What a run tells: its numbers, each rule with what was checked, and the evidence where one is broken."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from tests.crash import rules_of_answers as answers
from tests.crash import rules_of_bookings as bookings
from tests.crash import rules_of_safety as safety
from tests.crash import rules_of_texts as texts
from tests.crash.balancer import DROPPED, REFUSED
from tests.crash.calendar import LOST_ON_THE_WAY
from tests.crash.evidence import Evidence
from tests.crash.rules import Checked
from tests.crash.run import Run

MOST_SHOWN = 3  # breaches of one rule with all their evidence
RULES: dict[str, Callable[[Evidence], Checked]] = {
    "1": answers.every_text_is_heard_once,
    "2a": texts.no_errand_is_accepted_twice,
    "2b": texts.phones_have_the_texts_of_the_script,
    "2c": texts.doubts_are_looked_up_and_told,
    "2d": bookings.everybody_is_asked,
    "3": bookings.calls_have_a_cause,
    "4": bookings.decisions_follow_the_table,
    "5": texts.no_question_after_a_decision,
    "6": answers.no_unclear_text_decides,
    "8a": bookings.our_state_is_the_calendars,
    "8b": answers.patients_get_what_they_said,
    "12": safety.logs_tell_no_secret,
}
DO_NOT_APPLY = {"10": "one clinic only: nothing can leak to another", "11": "nobody is erased in this run"}
HOW = {REFUSED: "refused", DROPPED: "dropped", LOST_ON_THE_WAY: "lost on the way"}
EXCEPTION = re.compile(r"(?:\\n|^)((?:\w+\.)*\w*(?:Error|Exception|Away|Lost|Conflict|Timeout)\w*)(?=: |\\n)")


def judged(run: Run, evidence: Evidence) -> dict[str, Checked]:
    """Every rule by its number."""
    found = {number: rule(evidence) for number, rule in RULES.items()}
    found["7"] = safety.replay_agrees(run.replayed)
    found["9"] = safety.forgeries_change_nothing(evidence, run.forger)
    found["0"] = _at_rest(run)
    return dict(sorted(found.items(), key=lambda pair: (int(re.sub(r"\D", "", pair[0])), pair[0])))


def lines(run: Run, evidence: Evidence, found: dict[str, Checked]) -> Iterator[str]:
    """The report, line by line."""
    told = numbers(run, evidence)
    width = max(map(len, told))
    yield from (f"  {name:<{width}}  {value}" for name, value in told.items())
    yield ""
    for number, checked in found.items():
        yield f"  {number:>3}  {checked.verdict:<8} {checked.count:>8}  {checked.what}"
        notes = [checked.skipped] if checked.skipped else []
        notes += [f"{times} times: {note}" for note, times in Counter(checked.notes).items()]
        yield from (f"{'':>24}{note}" for note in notes)
    for number, why in DO_NOT_APPLY.items():
        yield f"  {number:>3}  {'-':<8} {'':>8}  does not apply: {why}"
    for number, checked in found.items():
        yield from _breaches(number, checked, evidence)


def _breaches(number: str, checked: Checked, evidence: Evidence) -> Iterator[str]:
    for breach in checked.breaches[:MOST_SHOWN]:
        yield f"\nRule {number} is broken: {breach.what}"
        if breach.phone:
            yield evidence.told(breach.phone)
    if (more := len(checked.breaches) - MOST_SHOWN) > 0:
        yield f"\nRule {number} is broken {more} times more: {[one.what for one in checked.breaches[MOST_SHOWN:]]}"


def numbers(run: Run, evidence: Evidence) -> dict[str, object]:
    world, calendar, carrier = run.world, run.world.calendar, run.world.carrier
    kinds = Counter(reason for _, reason, _ in evidence.inbox)
    misbehaved = Counter(one.fault.name for faults in world.faults.values() for one in faults.done)
    lost = Counter(notice.trigger for notice in calendar.lost())
    how = Counter(HOW.get(notice.receipt.status, notice.receipt.status) for notice in calendar.lost())
    return {
        "database": world.options.database + (", with faults" if world.options.faults else ""),
        "bookings": len(calendar.bookings),
        "patients": len(world.patients),
        "kills": f"{world.fleet.kills.total()} ({_told(world.fleet.kills)})",
        "ended by themselves": _ended(run),
        "server restarts": run.restarter.restarts,
        "texts accepted": len(carrier.texts),
        "texts withheld": _told(texts.withheld(evidence)),
        "look-ups": len(carrier.look_ups()),
        "left to staff": _told(kinds),
        "patients' texts": f"{len(carrier.received)}, {_unheard(run)} with no answer, {_late(evidence)} heard late",
        "webhooks lost": f"{lost.total()} of {len(calendar.notices)} ({_told(lost)}; {_told(how)})",
        "taken in late": f"{_lines_with(evidence, 'taken in late')}, by workers and by reconcile",
        "reconcile": run.reconciled.output.splitlines()[-1] if run.reconciled.output else "",
        "calls to Cal.com": _told(Counter(act for acts in evidence.acts.values() for act, _ in acts)),
        "requests": f"Cal.com {len(calendar.requests)}, carrier {len(carrier.requests)}",
        "misbehaviour": f"{misbehaved.total()} ({_told(misbehaved)})",
        "forged webhooks": _told(run.forger.answers),
        "states": _told(bookings.states(evidence)),
        "exceptions logged": _told(_exceptions(evidence)),
        "seconds": f"{sum(run.seconds.values()):.0f} ({_told_in_order(run.seconds)})",
    }


def _told(counted: Counter[object]) -> str:
    return ", ".join(f"{times} {name}" for name, times in counted.most_common()) or "0"


def _told_in_order(seconds: Mapping[str, float]) -> str:
    return ", ".join(f"{part} {lasted:.0f}" for part, lasted in seconds.items())


def _ended(run: Run) -> str:
    return _told(Counter(f"{one.name.split('-')[0]} with {one.code}" for one in run.world.fleet.ended))


def _unheard(run: Run) -> int:
    carrier = run.world.carrier
    return sum(not carrier.was_taken(text) for text in carrier.received)


def _late(evidence: Evidence) -> int:
    return sum(fact.sent_at is not None for fact in evidence.heard)


def _lines_with(evidence: Evidence, words: str) -> int:
    return sum(path.read_text(errors="replace").count(words) for path in evidence.logs())


def _exceptions(evidence: Evidence) -> Counter[str]:
    """The last line of each traceback, by the exception's class."""
    found: Counter[str] = Counter()
    for path in evidence.logs():
        for line in path.read_text(errors="replace").splitlines():
            if "Traceback" in line and (names := EXCEPTION.findall(line)):
                found[names[-1]] += 1
    return found


def _at_rest(run: Run) -> Checked:
    """What must be true before anything can be judged."""
    checked = Checked("everything came to rest, and reconcile looked at everything")
    checked.expect(not run.restless, "\n".join(run.restless))
    checked.expect(run.reconciled.code == 0, f"reconcile: {run.reconciled.code} {run.reconciled.output[-2000:]}")
    errors = [*run.world.clockwork.errors, *run.world.calendar.errors, *run.world.carrier.errors]
    checked.expect(not errors, f"the harness itself: {errors[:5]}")
    return checked
