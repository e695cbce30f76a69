"""What has to be known of a Vonage account."""

from dataclasses import dataclass, field

from adapters.common.whatsapp import WhatsApp
from domain.errors import Misconfigured

BLANK = "VONAGE_API_KEY, VONAGE_API_SECRET or VONAGE_SIGNATURE_SECRET is blank: copy them from Vonage's dashboard."


@dataclass(frozen=True)
class VonageSettings:
    """One Vonage account. `sender` is a number in E.164, a short code, or a name to which nobody can answer;
    `public_url` is what Vonage sees; `whatsapp` has names of templates.

    The API secret sends, any of `signature_secrets` verifies: an old and a new one while they are rotated. With a blank
    one anybody could sign, so that raises Misconfigured.
    """

    api_key: str
    api_secret: str = field(repr=False)
    signature_secrets: tuple[str, ...] = field(repr=False)
    sender: str
    public_url: str
    api_url: str = "https://api.nexmo.com"
    whatsapp: WhatsApp | None = None

    def __post_init__(self) -> None:
        if not self.api_key or not self.api_secret or not self.signature_secrets or not all(self.signature_secrets):
            raise Misconfigured([BLANK])
