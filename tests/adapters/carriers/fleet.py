"""Every carrier that has to keep the promises. A further one is a file like its neighbours, and a line here."""

from tests.adapters.carriers.android import AndroidDriver
from tests.adapters.carriers.driver import Driver
from tests.adapters.carriers.telnyx import TelnyxDriver
from tests.adapters.carriers.twilio import TwilioDriver
from tests.adapters.carriers.vonage import VonageDriver

CARRIERS: tuple[Driver, ...] = (TwilioDriver(), VonageDriver(), TelnyxDriver(), AndroidDriver())
