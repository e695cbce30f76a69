"""What a patient sends, and how far our own texts have come."""

from dataclasses import replace

from domain.inbound import Delivery, InboundText
from tests.adapters.carriers.driver import CLINIC, KEY, OTHER_KEY, PATIENT, REPORTS, Driver
from tests.adapters.carriers.promises import REFUSED, logged, promise


@promise("a text: its id, sender, recipient and words")
def one_text(driver: Driver) -> None:
    for words in ("YES", " yes \n", "Sí, señor – 明日 🙂", ""):
        (text,) = driver.receiver().receive_texts(driver.text(words))
        assert text == InboundText(driver.ids[0], PATIENT, CLINIC, words), words


@promise("a text from whom nobody can answer is nothing for us")
def from_no_phone(driver: Driver) -> None:
    for sender in ("12345", "Clinic", "", "+1202555014312345", "+١٢٠٢٥٥٥٠١٤٣", "+1٢٠٢٥٥٥٠١٤٣", "+1-800-FLOWERS"):
        with logged() as lines:
            assert driver.receiver().receive_texts(driver.text("YES", sender=sender)) == [], sender
        assert any(driver.ids[0] in line for line in lines), "who looks for a text finds it in the log"
        assert not [line for line in lines if len(sender) > 5 and sender in line]


@promise("a text again: the same id")
def one_text_again(driver: Driver) -> None:
    request, carrier = driver.text("YES"), driver.receiver()
    assert carrier.receive_texts(request) == carrier.receive_texts(request)


@promise("several texts: each once")
def several_texts(driver: Driver) -> None:
    carrier = driver.receiver()
    requests = [driver.text(words, uid) for words, uid in zip(("YES", "no", "wait"), driver.ids, strict=True)]
    told = [text for request in requests for text in carrier.receive_texts(request)]
    assert [(text.message_id, text.text) for text in told] == list(zip(driver.ids, ("YES", "no", "wait"), strict=True))


@promise("a picture is no answer")
def a_picture(driver: Driver) -> None:
    for number in (1, 2):
        (text,) = driver.receiver().receive_texts(driver.text("", pictures=number))
        assert text.pictures > 0


@promise("another channel is nothing for us")
def another_channel(driver: Driver) -> None:
    assert driver.receiver().receive_texts(driver.from_elsewhere()) == []


@promise("words come cleaned, and not without end")
def cleaned_words(driver: Driver) -> None:
    for said, heard in {
        "Y\x00E\x1bS": "Y E S",
        "yes\nplease\t!": "yes\nplease\t!",
        "oui\x9bnon\x7f": "oui non ",
        "Sí, confirmo 👍🏽": "Sí, confirmo 👍🏽",
        "y" * 3201: "y" * 3200,
        "y" * 50_000: "y" * 3200,
    }.items():
        (text,) = driver.receiver().receive_texts(driver.text(said))
        assert text.text == heard


@promise("the content type decides nothing")
def content_type(driver: Driver) -> None:
    request = driver.text("YES")
    for told in ("text/plain", "application/x-www-form-urlencoded", "application/json", "x" * 9_000, ""):
        (text,) = driver.receiver().receive_texts(replace(request, headers={**request.headers, "content-type": told}))
        assert text.text == "YES"


@promise("reports: in any order, each by itself")
def reports(driver: Driver) -> None:
    carrier, statuses = driver.receiver(), (Delivery.UNDELIVERED, Delivery.DELIVERED, Delivery.SENT)
    for order in (statuses, statuses[::-1], statuses * 2):
        for status in order:
            (report,) = carrier.receive_reports(driver.report(status), KEY)
            assert (report.message_id, report.status, report.blame) == (driver.sent_id, status, None)


@promise("reports: our key comes back")
def key_comes_back(driver: Driver) -> None:
    (report,) = driver.receiver().receive_reports(driver.report(Delivery.SENT), KEY)
    assert report.key == KEY


@promise("reports: without a key as well")
def no_key(driver: Driver) -> None:
    (report,) = driver.receiver().receive_reports(driver.report(Delivery.SENT, None), None)
    assert (report.message_id, report.key) == (driver.ids[0], None)


@promise("reports: none moves to another text")
def key_of_another(driver: Driver) -> None:
    """Somebody posts a signed report to the path of another errand."""
    for key in (KEY, None):
        request = replace(driver.report(Delivery.SENT, key), path=f"{REPORTS}/{OTHER_KEY}")
        try:
            told = driver.receiver().receive_reports(request, OTHER_KEY)
        except REFUSED:
            continue
        assert [report.key for report in told] == [key]
