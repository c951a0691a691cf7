"""The fault harness: the deployed batch functions, killed and lied to at every step, and an oracle that counts.

tokens.py   which fault happens at which step, how often: a folder of files, each taken by whoever does it
inside/     what runs within the functions' processes, between boto3 and its sockets; the artifact stays as it is
stage.py    deploys, shortens the timeouts, puts the layer with inside/ on the functions
drops.py    the files that are dropped, and the rows that must come of them
run.py      drops, duplicates, redrives and sweeps until every job is done
zombie.py   a worker that writes its part when the job has long been done
oracle.py   reads every version of every result and says what is lost, doubled or out of order
"""
