"""The whole store in a file, and back: to another database, to an auditor, to a safe place.

lines       the file's format
exporting   the log and what stands beside it, while the service runs
checking    a file, before anything of it is stored
importing   into an empty store, all or nothing
"""
