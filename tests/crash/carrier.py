"""Twilio beside a product that is killed all the time: it repeats a patient's text a few times and then never, and
tells how far our texts have come in any order."""

import random
import threading
from collections import defaultdict
from collections.abc import Mapping

from tests.crash.balancer import Balancer, Receipt
from tests.crash.clockwork import Clockwork
from tests.crash.faults import Faults
from tests.wire.accounts import CLINIC
from tests.wire.fake_twilio import MESSAGES, FakeTwilio, Inbound, Text, as_listed, new_sid, report_form, signed
from tests.wire.servers import Moments, Request, Response

PUBLIC_URL = "https://replyes.example.org"
PATH = "/api/webhooks/sms"
REPEATS = 3
UNREPORTED = 0.3  # the share of texts whose fate only a look-up or an answer can tell
STATUSES = ("queued", "sent", "delivered")


class CrashTwilio(FakeTwilio):
    """`loses_inbound` is the share of patients' texts that are never posted, and stand in the list alone; `repeats` the
    share that is posted twice at once."""

    def __init__(self, balancer: Balancer, clockwork: Clockwork, faults: Faults, seed: int) -> None:
        self.balancer = balancer
        self.clockwork = clockwork
        self.faults = faults
        self.receipts: dict[str, list[Receipt]] = defaultdict(list)
        self.on_phone: dict[str, list[Text]] = defaultdict(list)
        self.loses_inbound, self.repeats = 0.03, 0.0
        self._chance = random.Random(seed)
        self._accepting = threading.Lock()
        super().__init__(Moments(), PUBLIC_URL)

    def answer(self, request: Request) -> Response:
        return self.faults.serve(request, super().answer)

    def texts_to(self, phone: str) -> list[Text]:
        return list(self.on_phone[phone])

    def take_in(self, phone: str, words: str, *, twice: bool = False) -> Inbound:
        """A patient's text. `twice`: the first two posts are made at the same moment."""
        text = Inbound(new_sid(), phone, words)
        self.received.append(text)
        if self._chance.random() >= self.loses_inbound:
            self.clockwork.after(0, lambda: self._deliver(text))
            if twice or self._chance.random() < self.repeats:
                self.clockwork.after(0, lambda: self._deliver(text))
        return text

    def was_taken(self, text: Inbound) -> bool:
        """Whether the product has answered that it has it."""
        return any(receipt.is_taken for receipt in self.receipts[text.sid])

    def look_ups(self) -> list[Request]:
        """How often the product has asked what became of a text."""
        return [
            request
            for request in self.requests
            if request.method == "GET" and request.path == MESSAGES and request.query.get("To") != CLINIC
        ]

    def _send(self, form: Mapping[str, str]) -> Response:
        """The text rings at once, so that an answer may come before the product knows that it was sent."""
        text = Text(new_sid(), form["To"], form["Body"], form["StatusCallback"])
        with self._accepting:
            self.texts.append(text)
            self.on_phone[text.to].append(text)
        self._report_later(text)
        self.rings(text)
        return Response(201, as_listed(text))

    def _deliver(self, text: Inbound, not_to: int = 0, tries: int = 1) -> None:
        receipt = self.balancer.post(PATH, *signed(f"{PUBLIC_URL}{PATH}", text.form), not_to=not_to)
        self.receipts[text.sid].append(receipt)
        if not receipt.is_taken and tries <= REPEATS:
            wait = self._chance.uniform(0.2, 1.5)
            self.clockwork.after(wait, lambda: self._deliver(text, receipt.port, tries + 1))

    def _report_later(self, text: Text) -> None:
        """Each status once, some left out or twice, in any order. Of some texts nobody ever reports anything."""
        if self._chance.random() < UNREPORTED:
            return
        statuses = [status for status in STATUSES if self._chance.random() < (0.3 if status == "queued" else 0.9)]
        statuses += [self._chance.choice(STATUSES)] if self._chance.random() < 0.2 else []
        self._chance.shuffle(statuses)
        for status in statuses:
            self.clockwork.after(self._chance.uniform(0, 1.5), lambda status=status: self._report(text, status))

    def _report(self, text: Text, status: str) -> Receipt:
        body, headers = signed(text.callback, report_form(text, status))
        return self.balancer.post(text.callback.removeprefix(PUBLIC_URL), body, headers)
