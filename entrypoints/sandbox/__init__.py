"""The sandbox: a page with a fake Cal.com and a phone, so that a newcomer needs no account.

The product runs with its real adapters; only their addresses point here. Read in this order:

    world       what the sandbox remembers: bookings, messages, calls
    keys        the secrets of one run, and the two ways of signing
    courier     carries requests to the product, over real HTTP
    calendar    what Cal.com does when somebody books, confirms, declines or cancels
    payloads    how Cal.com writes a booking down
    calcom      the fake Cal.com API; listing is its one long answer
    twilio      the fake Twilio's rules and the shape of its answers
    phone       the fake Twilio API, and the phone behind it
    forms       what a person types into the page
    view        what the page shows
    stream      how an open page hears of a change
    page        the page
    app         all of it, wired
"""

from entrypoints.sandbox.app import Sandbox

__all__ = ["Sandbox"]
