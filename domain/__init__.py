"""The inside of the hexagon. Read from top to bottom.

The story, which knows only itself:

    lifecycle       the six states of a booking and the one table of moves between them
    booking_facts   what can happen to a booking
    booking         what may be asked of it
    conversation_facts  what can happen to a conversation
    conversation    one phone and one clinic: what was heard, and its consent
    correspondence  what both have in common: texts go out on their behalf
    replies         what a text means: YES, NO or neither; understanding: how it is read;
                    choices: which of several bookings it answers; said: what it says to each of them
    hearing         whose answer it is, and what shall come of it
    deadlines       when to ask, to remind, to give up; quiet: the hours in which nobody is asked anything;
                    patience: how long to wait before trying again
    wording         what we say; saying: what texts are made of; languages: one data file for each language
    clinics         a clinic: its name, phone, languages, patience; ways: by what way a patient is asked
    errands         what we may ask of the outside world; channels: what it goes through, and when that is shut
    inbound         what the outside world tells us
    facts           what every fact has in common; what is private to a patient
    inbox           what only a person can settle
    errors          what can go wrong, and what to do next in each case

The beats, which use the story and speak to ports:

    decisions       DECIDE: load, decide, append, and once more when overtaken. Then by what arrives:
                    confirmations (a webhook of the calendar), answers (a text),
                    due (what time brings: expiry, reminders),
                    link_answers (a button on the page behind a question's link; offering: who gets one),
                    speech (the moment to say something; speaking, asking, telling),
                    outcomes (what became of an errand; turning: to another way, where it did not arrive),
                    handling (a person takes care of an errand),
                    desk (a person takes care of a booking, or of what the inbox holds)
    reconcile       what webhooks missed, from the calendar; sweep: the same from the carrier
    reactions       REACT: a fact becomes errands; pure
    delivery        DELIVER: an errand meets the world: texting (the carrier), mailing (the mail server;
                    sending: what both share), calling (the calendar;
                    series: one call for a recurring booking)
    ledger          what the inside asks of its memory
    ports           what the inside asks of the outside
    checks          what is found where somebody looks whether the outside is set up as we need it
"""
