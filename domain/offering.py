"""DECIDE, who can answer how: by a reply, by the link to a page with two buttons, or by either."""

from collections.abc import Callable, Mapping

from domain.clinics import Clinic, LinkUse
from domain.ports import Carrier
from domain.wording import Offer

LinkTo = Callable[[str], str]  # an errand's key -> the URL of the page on which its question can be answered


class Offering:
    """What a question offers to a phone."""

    def __init__(self, link_to: LinkTo, carriers: Mapping[str, Carrier]) -> None:
        self.link_to = link_to
        self.carriers = carriers

    def offer(self, clinic: Clinic, phone: str, errand: str) -> Offer:
        """For a question of this errand by SMS."""
        carrier = self.carriers.get(clinic.key)
        replies = (carrier is None or carrier.takes_replies) and not phone.startswith(clinic.no_replies_from)
        wanted = clinic.confirm_link is LinkUse.ALWAYS or (clinic.confirm_link is LinkUse.AUTO and not replies)
        return Offer(self.link_to(errand) if wanted else "", replies)
