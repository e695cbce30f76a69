"""Has WhatsApp approved the words of our questions? Shape: ApprovalRequests of content.twilio.com (v1); its `whatsapp`
holds a `status` ("approved", "pending", "rejected" …) and the reason of a rejection."""

from collections.abc import AsyncIterator, Awaitable, Callable

from adapters.common.checking import Reply, ending, refused, text_in
from adapters.common.values import cleaned
from adapters.common.whatsapp import WhatsApp
from domain.checks import Finding, fault, good, unsure

NOT_FOUND = 404
APPROVED = "approved"
SETTING = "TWILIO_WHATSAPP_TEMPLATE"


async def check(whatsapp: WhatsApp, approval: Callable[[str], Awaitable[Reply]]) -> AsyncIterator[Finding]:
    """`approval` asks for a template's ApprovalRequests."""
    for language, template in whatsapp.templates.items():
        yield _judged(f"the template {template[:6]}… ({language or 'every language'})", await approval(template))
    yield unsure(
        f"could not be checked: where texts by WhatsApp to {ending(whatsapp.sender)} go",
        "in Twilio's console, WhatsApp senders: the webhook for incoming messages is that of the SMS",
    )


def _judged(name: str, reply: Reply) -> Finding:
    if reply.status == NOT_FOUND:
        return fault(f"{name} does not exist", f"set {SETTING} to one of Twilio's Content Template Builder")
    if not reply.is_good:
        return refused(reply, "Twilio's list of templates", address="TWILIO_API_URL", credentials="TWILIO_AUTH_TOKEN")
    approval = reply.record("whatsapp")
    status = cleaned(text_in(approval.get("status")), 30)
    if status == APPROVED:
        return good(f"{name} is approved")
    why = cleaned(text_in(approval.get("rejection_reason")), 120)
    told = f"WhatsApp has not approved {name}: {status or 'nobody has asked it to'}{f' ({why})' if why else ''}"
    return fault(told, "submit it in Twilio's Content Template Builder, and wait for the approval")
