"""The page behind a question's link, for patients who cannot answer a text or would rather press a button.

tokens   the links themselves: signed, and good for as long as there is something to answer
page     GET shows the bookings with two buttons and decides nothing; POST decides
entry    an appointment as a file for a calendar (.ics)
"""
