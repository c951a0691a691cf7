"""The fault harness on Azure: the archive that is deployed, its workers killed and lied to, over Azurite.

inside/     what runs within the workers, between Azure's SDKs and their sockets; the archive stays as it is
stage.py    runs the archive in the emulator, with Event Grid's events and short leases
run.py      drops, duplicates, takes poison messages back and sweeps until every job is done
oracle.py   reads every result, and every write that went through, and says what is lost, doubled or out of order
"""
