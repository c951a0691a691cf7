"""A bundle over HTTP: worker processes, each uvicorn over `Handler.answer`.

settings.py        what the deployment tells a server beside what it tells every handler
startup.py         from a bundle and settings to workers
loading.py         what is loaded once, and shared where that is safe
multi_model.py     models that a platform loads and unloads
cpus.py            how many CPUs this process may use, by its control groups (cgroups.py)
memory_limit.py    how much memory
listening.py       the one listening socket
workers.py         the workers' parent: starts them, starts them anew, ends them in time
forking.py         workers that share the memory of the process that loaded the model
supervisor.py      the small program that their parent becomes
worker.py          a worker on its own, in the place of one that died
server.py          one worker: uvicorn
connections.py     its connections, taken in turn with its siblings (counts.py)
express.py         small requests answered as they are parsed
asgi.py            everything else (endpoint.py); the pages' framework is imported when a page is asked for
front.py           what a server answers itself: metrics, liveness, readiness (readiness.py)
dispatch.py        on the event loop or on a thread, in time or refused (refusing.py)
room.py            how many bytes of requests there may be at once
metrics.py         what all workers count together, in Prometheus' format (exposition.py)
micro_batching.py  requests joined into one run (joining.py), for models that allow it (batchable.py)
"""
