"""The inside of the hexagon. Read from top to bottom.

The story, which knows only itself:

    booking        what can happen to a booking, and what may be asked of it
    lifecycle      the six states and the one table of moves between them
    conversation   one phone and one clinic: what was heard, and whose answer it is
    replies        what a text means: YES, NO or neither
    deadlines      when to ask and when to give up
    wording        what we say, in each language
    clinics        a clinic: its name, phone, languages, patience
    errands        what we may ask of the outside world
    inbound        what the outside world tells us
    facts          what every fact has in common; what is private to a patient
    errors         what can go wrong, and what to do next in each case

The beats, which use the story and speak to ports:

    confirmations, answers, outcomes, expiry    DECIDE: something arrives, facts come of it
    reactions                                   REACT: a fact becomes errands; pure
    delivery                                    DELIVER: an errand meets the world, its outcome is a fact
    ports                                       what the inside asks of the outside
"""
