"""What must hold of strangers, of the logs, and of the log of facts itself."""

import re

from tests.crash.chaos import REFUSALS, Forger
from tests.crash.evidence import Evidence
from tests.crash.rules import Checked
from tests.wire.accounts import SECRETS
from tests.wire.nursery import Done

WHOLE_PHONE = r"(?<![0-9a-f])(?:1206555\d{4}|12025550100)(?![0-9a-f])"  # not in the middle of an id
SHOWN = 200  # characters


def forgeries_change_nothing(evidence: Evidence, forger: Forger) -> Checked:
    """Rule 9."""
    checked = Checked("forged webhooks are refused and change nothing")
    for status, times in forger.answers.items():
        if status > 0:
            checked.count += times - 1
            checked.expect(status in REFUSALS, f"{times} forged webhooks were answered with {status}")
    forged = set(forger.sids) & {fact.message_id for fact in evidence.heard}
    checked.expect(not forged, f"forged texts were heard: {forged}")
    booked = set(forger.uids) & evidence.log.bookings.keys()
    checked.expect(not booked, f"forged bookings were taken in: {booked}")
    return checked


def logs_tell_no_secret(evidence: Evidence) -> Checked:
    """Rule 12. What stands between the lines of JSON (a traceback of the interpreter) is a line as well."""
    checked = Checked("no log line has a whole phone number or a secret")
    secrets = [*SECRETS, _password(evidence.world.database)]
    wanted = re.compile("|".join([WHOLE_PHONE, *(re.escape(one) for one in secrets if one)]))
    for path in evidence.logs():
        for line in path.read_text(errors="replace").splitlines():
            found = wanted.search(line)
            checked.expect(not found, f"{path.name}: {found and found[0]} in {line[:SHOWN]}")
    return checked


def _password(url: str) -> str:
    """Of a database server; "" for a file."""
    found = re.match(r"postgresql://[^/]*:([^@/]+)@", url)
    return found[1] if found else ""


def replay_agrees(done: Done) -> Checked:
    """Rule 7."""
    checked = Checked("replaying the log gives the same views")
    if done.code == 2 and "No such command" in done.output:
        checked.skipped = "there is no `replyes replay` yet"
    else:
        checked.expect(done.code == 0, f"replyes replay --verify: {done.code} {done.output[-SHOWN * 5 :]}")
    return checked
