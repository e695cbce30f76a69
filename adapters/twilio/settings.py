"""What has to be known of a Twilio account."""

from dataclasses import dataclass, field

from domain.errors import Misconfigured


@dataclass(frozen=True)
class TwilioSettings:
    """One Twilio account. `sender` is an E.164 number or a Messaging Service (MG…); `public_url` is what Twilio sees.

    The first of `auth_tokens` sends, all of them verify: an old and a new one while they are rotated, or the secret
    of a webhook SharedKey. With a blank one anybody could sign, so that raises Misconfigured.
    """

    account_sid: str
    auth_tokens: tuple[str, ...] = field(repr=False)
    sender: str
    public_url: str
    api_url: str = "https://api.twilio.com"

    def __post_init__(self) -> None:
        if not self.account_sid or not self.auth_tokens or not all(self.auth_tokens):
            raise Misconfigured(["TWILIO_ACCOUNT_SID or TWILIO_AUTH_TOKEN is blank: copy both from Twilio's console."])

    @property
    def service(self) -> str | None:
        """The Messaging Service that sends; None where a number does."""
        return self.sender if self.sender.startswith("MG") else None
