"""The desk: the staff's pages. Closed without DESK_PASSWORD. Read in this order:

    site        whose desk it is, and where it stands
    passwords   the password and its hash
    tries       how often somebody may be wrong
    sessions    the signed cookie, and the token of each form
    once        links that sign in once (the sandbox)
    words       what the pages say, in each language
    visit       what every page is given
    render      templates, and how they say moments and numbers
    headers     what a browser may do with our pages
    guard       who may see a page, and who may do something there
    access      signing in and out
    live        how an open page hears of news
    links       addresses within the desk
    phones      whole phone numbers, for who asks
    today       the clinic's day
    inbox       what only a person can settle
    bookings    all bookings, and the search
    booking     one booking; chat and timeline: how its conversation and its story read
    acts        what staff does with a booking
    errands     what is still to be done outside
    figures     what was counted: by week, by hour, in all
    amounts     how counts and shares read
    plots       drawings
    exhibits    Numbers: its pictures and their tables
    tiles       Numbers: its main figures
    sheets      Numbers: its files for a spreadsheet
    numbers     Numbers
    app         all of it, wired

A page is `async def page(visit: Visit) -> Response`, and stands in `app` as `guard.get(path, page)`; what changes
something as `guard.post(path, act)`.
"""
