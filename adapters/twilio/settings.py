"""What has to be known of a Twilio account."""

from dataclasses import dataclass, field

from adapters.common.senders import is_name
from adapters.common.whatsapp import WhatsApp
from domain.errors import Misconfigured


@dataclass(frozen=True)
class TwilioSettings:
    """One Twilio account. `sender` is an E.164 number, a short code, a Messaging Service (MG…) or a name to which
    nobody can answer; `public_url` is what Twilio sees; `whatsapp` has templates of Twilio's Content API (HX…).

    The first of `auth_tokens` sends, all of them verify: an old and a new one while they are rotated, or the secret
    of a webhook SharedKey. With a blank one anybody could sign, so that raises Misconfigured.
    """

    account_sid: str
    auth_tokens: tuple[str, ...] = field(repr=False)
    sender: str
    public_url: str
    api_url: str = "https://api.twilio.com"
    whatsapp: WhatsApp | None = None

    def __post_init__(self) -> None:
        if not self.account_sid or not self.auth_tokens or not all(self.auth_tokens):
            raise Misconfigured(["TWILIO_ACCOUNT_SID or TWILIO_AUTH_TOKEN is blank: copy both from Twilio's console."])

    @property
    def service(self) -> str | None:
        """The Messaging Service that sends; None where a number or a name does."""
        return self.sender if self.sender.startswith("MG") and not is_name(self.sender) else None
