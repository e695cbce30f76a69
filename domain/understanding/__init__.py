"""How a text is read, from the letters up: `plaintext` puts it into plain tokens, `spelling` finds the words that are
meant, `phrases` knows what a language's file lists and `kinds` of which kind that is, `reading` cuts a text into these
phrases, `meanings` tells what the kinds together allow. `days` knows the names of days.

`domain.replies` and `domain.choices` are what the rest of the domain uses.
"""
