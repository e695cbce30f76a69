"""What has to be known of a phone gateway."""

from dataclasses import dataclass, field

from domain.errors import Misconfigured

SHORTEST_SIGNING_KEY = 16


@dataclass(frozen=True)
class AndroidSettings:
    """One gateway. `url` is where its API begins: `http://<phone>:8080` on the phone itself,
    `https://api.sms-gate.app/3rdparty/v1` in the cloud, `https://<server>/3rdparty/v1` on a server of one's own.

    Each of `signing_keys` verifies, while they are changed. The app's own proposal has 8 characters, which can be
    guessed by who has seen one webhook, so that raises Misconfigured; so does a blank credential.
    `fallback_region` is the ISO region ("GB") of senders without a plus, None to leave them out.
    """

    url: str
    user: str
    password: str = field(repr=False)
    signing_keys: tuple[str, ...] = field(repr=False)
    fallback_region: str | None = None

    def __post_init__(self) -> None:
        faults = []
        if not self.url or not self.user or not self.password:
            faults.append(
                "ANDROID_GATEWAY_URL, ANDROID_GATEWAY_USER or ANDROID_GATEWAY_PASSWORD is blank: copy them from the"
                " app's home page."
            )
        if not self.signing_keys or min(map(len, self.signing_keys)) < SHORTEST_SIGNING_KEY:
            faults.append(
                "ANDROID_GATEWAY_SIGNING_KEY has fewer than 16 characters: type a longer one into the app (Settings,"
                " Webhooks, Signing Key), and here."
            )
        if faults:
            raise Misconfigured(faults)
