"""A bundle over HTTP: worker processes, each uvicorn over `Handler.answer`.

cpus.py            how many CPUs this process may use
listening.py       the one listening socket
workers.py         the parent: starts workers, starts them anew, ends them in time
startup.py         what a worker serves: loaded once and shared where that is safe
server.py          one worker: uvicorn, its connections taken in turn with its siblings
express.py         small requests answered as they are parsed
asgi.py            everything else; the pages' framework is imported when a page is asked for
dispatch.py        on the event loop or on a thread
micro_batching.py  requests joined into one run
"""
