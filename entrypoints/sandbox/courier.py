"""Carries requests to the product over real HTTP, and writes each into the log."""

import logging
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

import httpx

from entrypoints.sandbox.keys import Keys, cal_signature, twilio_signature
from entrypoints.sandbox.world import NO_ANSWER, Arrow, World

log = logging.getLogger(__name__)

PATIENCE = httpx.Timeout(15.0)


class Courier:
    """Signs and posts. A product that does not answer is no error here: the log shows it, as it would at the vendor."""

    def __init__(
        self, base_url: str, world: World, keys: Keys, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._base_url = base_url
        self._world = world
        self._keys = keys
        # trust_env: a proxy that the environment names must not stand between two halves of one process.
        self._client = httpx.AsyncClient(transport=transport, timeout=PATIENCE, trust_env=False)

    async def post_calendar_webhook(self, body: bytes, uid: str, trigger: str) -> httpx.Response | None:
        """As Cal.com does: one attempt, and whatever comes back is only noted."""
        headers = {
            "Content-Type": "application/json",
            "X-Cal-Signature-256": cal_signature(self._keys.cal_webhook_secret, body),
            "X-Cal-Webhook-Version": "2021-10-20",
        }
        return await self._post(f"{self._base_url}/api/webhooks/cal", body, headers, uid=uid, note=trigger)

    async def post_reply(self, fields: Mapping[str, str]) -> httpx.Response | None:
        """A patient's text."""
        return await self._post_form(f"{self._base_url}/api/webhooks/sms", fields, "reply")

    async def post_report(self, url: str, fields: Mapping[str, str], status: str) -> httpx.Response | None:
        """How far one of the clinic's texts has come."""
        return await self._post_form(url, fields, status)

    async def _post_form(self, url: str, fields: Mapping[str, str], note: str) -> httpx.Response | None:
        """As Twilio does: a form, signed together with the very URL that it is posted to."""
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Twilio-Signature": twilio_signature(self._keys.auth_token, url, fields),
        }
        return await self._post(url, urlencode(fields).encode(), headers, note=note)

    async def _post(
        self, url: str, body: bytes, headers: Mapping[str, str], *, uid: str | None = None, note: str = ""
    ) -> httpx.Response | None:
        call = self._world.call_began(Arrow.INWARD, "POST", urlsplit(url).path, uid=uid, note=note)
        try:
            response = await self._client.post(url, content=body, headers=headers)
        except httpx.HTTPError as error:
            log.warning("The sandbox got no answer from %s: %s", call.short_path, type(error).__name__)
            self._world.call_ended(call, NO_ANSWER)
            return None
        self._world.call_ended(call, response.status_code)
        return response

    async def aclose(self) -> None:
        await self._client.aclose()
