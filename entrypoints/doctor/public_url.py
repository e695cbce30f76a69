"""Can Cal.com and the carrier reach us? Seen from this machine, which proves less than a look from outside."""

import ipaddress
from collections.abc import AsyncIterator, Sequence
from urllib.parse import urlsplit

from adapters.android import AndroidSettings
from adapters.calcom import checking as calcom
from adapters.common.checking import Reply, Silence
from domain.checks import Finding, fault, good, unsure
from domain.clinics import Clinic, LinkUse
from domain.ways import Way
from entrypoints.doctor.asking import Asking
from entrypoints.doctor.setup import Setup
from entrypoints.settings import ServiceSettings

START = "start it (`replyes serve`){proxy}"
PROXY = ", and let the proxy before it speak HTTPS"
AWAY = (502, 503, 504)  # what a proxy says for a service that is not there


async def check(setup: Setup, asking: Asking) -> AsyncIterator[Finding]:
    for finding in _address(setup):
        yield finding
    reply = await asking(f"{setup.public_url}/healthz")
    finding = _alive(setup.public_url, reply)
    yield finding
    if reply.is_good and reply.record().get("status") == "ok":
        for clinic, service in setup.services.items():
            if setup.is_readable("CAL_WEBHOOK_SECRET", clinic=clinic) and service.calcom.webhook_secrets:
                yield await calcom.knock(service.calcom, asking, setup.wanted(clinic).bookings[0])


def is_local(url: str) -> bool:
    """Whether only this network can have a way there."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith((".localhost", ".local", ".lan", ".internal"))


def far_ones(services: Sequence[ServiceSettings]) -> list[str]:
    """Who has to come in from the Internet, by the names of their hosts."""
    urls = []
    for service in services:
        carrier = service.carrier
        urls += [service.calcom.api_url, carrier.url if isinstance(carrier, AndroidSettings) else carrier.api_url]
    return list(dict.fromkeys(urlsplit(url).hostname or "" for url in urls if not is_local(url)))


def is_out_of_reach(setup: Setup) -> bool:
    """Whether nobody who matters can call this address."""
    return is_local(setup.public_url) and bool(far_ones(list(setup.services.values())))


def _address(setup: Setup) -> list[Finding]:
    url, far = setup.public_url, far_ones(list(setup.services.values()))
    if is_out_of_reach(setup):
        return [fault(f"{' and '.join(far)} cannot reach {url}", "set PUBLIC_URL to the HTTPS address of your proxy")]
    if is_local(url) and any(map(_gives_links, setup.clinics.values())):
        told = f"patients get links to {url}, which only this network can open"
        return [fault(told, "set PUBLIC_URL to the HTTPS address of your proxy")]
    if is_local(url):
        return [unsure(f"{url} can be reached from this network only", "this is well while Cal.com is in it, too")]
    if not url.startswith("https:"):
        cure = "put a proxy with a certificate before it, and set PUBLIC_URL to https://…"
        return [fault(f"{url} is not HTTPS: Cal.com refuses it, and patients' data would be open", cure)]
    return []


def _gives_links(clinic: Clinic) -> bool:
    """Whether patients may be sent the link to a page of ours."""
    is_wanted = clinic.confirm_link is LinkUse.ALWAYS or bool(clinic.no_replies_from)
    return is_wanted or Way.EMAIL in clinic.ways


def _alive(url: str, reply: Reply) -> Finding:
    if reply.is_good and reply.record().get("status") == "ok":
        return good(f"{url} answers, as seen from this machine")
    if reply.silence is Silence.NAME:
        return fault(f"nobody knows the name in {url} (DNS)", "correct PUBLIC_URL, or add the name to the DNS")
    if reply.silence is Silence.CERTIFICATE:
        return fault(f"the certificate of {url} is not trusted here", "renew it, with its whole chain")
    if not reply.status or reply.status in AWAY:
        why = reply.silence or f"HTTP {reply.status}"
        cure = START.format(proxy=PROXY if url.startswith("https:") else "")
        return unsure(f"Replyes does not answer at {url}: {why}", cure)
    return fault(f"what answers at {url} is not Replyes (HTTP {reply.status})", "correct PUBLIC_URL, or the proxy")
