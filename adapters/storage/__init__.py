"""The database: one foreign system in several rooms.

database       the door to SQL: opening, reading, the recorder
group_commit   many requests, one transaction
migrations     bringing the schema up to date
sealing        keys, and facts as bytes
rows           facts and streams as rows of the views and the outbox
ledger         the port `Ledger`
outbox         the port `Outbox`
views          questions of the command line and of pages
"""
