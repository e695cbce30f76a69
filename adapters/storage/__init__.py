"""The database: one foreign system in several rooms.

database       the door to SQL: what a write is, and what becomes of a batch of them
sqlite         a file; postgresql: a server; opening: a DATABASE_URL becomes one of them
group_commit   many requests, one transaction
migrations     bringing the schema up to date
checking       is the database as it should be
sealing        keys, and facts as bytes
rows           facts and streams as rows of the views and the outbox
ledger         the port `Ledger`
outbox         the port `Outbox`
turns          the port `Turns`
views          questions of the command line and of pages
unsealing      rows of the log as facts
moving         the whole store in a file, and back
replay         the views, rebuilt from the log: retelling (the log as rows), scratch (the views beside), mending (one
               difference put right)
"""
