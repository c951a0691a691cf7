"""Batch scoring: a dropped file becomes exactly one result per row.

    drop → plan → chunks → score → parts → _SUCCESS

`plan` splits the file into byte ranges and writes `manifest.json`; `score` answers one range and writes
`part-NNNNN`; whoever finishes the last chunk writes `_SUCCESS`. Every write is made only if nothing is there
yet, so each step may run any number of times, on any number of machines. Nothing here knows a cloud: the
object store, the queue and the ledger are ports (ports.py).
"""
