"""What the adapters have in common; it knows none of them. Each may use it, and nothing else of another.

calls      a client that repeats nothing, and one call with its time limit
answers    what an answer or an error code means, for a carrier whose codes are told
carrier    what every carrier does alike: which ways it takes, and how it answers webhooks
signatures a signature with a date over the raw body
listing    reading a list in which one unreadable entry must not hide the others
senders    numbers, short codes and names as senders
whatsapp   the words that were approved for WhatsApp, and what may be filled into them
checking   a question of the doctor's: its answer, and what a refusal tells
values     numbers, dates and words from outside, and what is left of them
"""
