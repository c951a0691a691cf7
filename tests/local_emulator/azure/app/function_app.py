"""An app with functions of every kind, for the tests of the host."""

import json
import logging
import os
import sys
import time
import typing
from pathlib import Path

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.route(route="echo/{kind}/{number:int?}")
async def echo(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    told = {
        "method": req.method,
        "url": req.url,
        "headers": dict(req.headers),
        "query": dict(req.params),
        "route": dict(req.route_params),
        "body": req.get_body().decode("latin-1"),
        "function": context.function_name,
        "invocation": context.invocation_id,
    }
    return func.HttpResponse(json.dumps(told), mimetype="application/json")


@app.route(route="pid")
def pid(req: func.HttpRequest) -> str:
    logging.info("pid asked")
    return str(os.getpid())


@app.route(route="sleep/{seconds}")
def sleep(req: func.HttpRequest) -> str:
    time.sleep(float(req.route_params["seconds"]))
    return "slept"


@app.route(route="fail")
def fail(req: func.HttpRequest) -> str:
    raise ValueError("as asked")


@app.route(route="enqueue", methods=["POST"])
@app.queue_output(arg_name="message", queue_name="jobs", connection="AzureWebJobsStorage")
def enqueue(req: func.HttpRequest, message: func.Out[str]) -> func.HttpResponse:
    message.set(req.get_body().decode())
    return func.HttpResponse("queued", status_code=202)


@app.queue_trigger(arg_name="message", queue_name="jobs", connection="AzureWebJobsStorage")
@app.blob_output(arg_name="result", path="results/{name}.json", connection="AzureWebJobsStorage")
def job(message: func.QueueMessage, result: func.Out[str]) -> None:
    asked = json.loads(message.get_body())
    if asked.get("fail"):
        raise RuntimeError("bad job")
    time.sleep(asked.get("sleep", 0))
    result.set(json.dumps({"dequeued": message.dequeue_count, "pid": os.getpid()}))


@app.blob_trigger(
    arg_name="blob", path="uploads/{name}.csv", connection="AzureWebJobsStorage", data_type="binary"
)
@app.blob_output(arg_name="$return", path="copies/{name}.txt", connection="AzureWebJobsStorage")
def on_upload(blob: func.InputStream) -> bytes:
    content = blob.read()
    if content == b"bad":
        raise RuntimeError("bad upload")
    return b"%d:" % blob.length + content


@app.blob_trigger(
    arg_name="blob",
    path="events/{name}",
    connection="AzureWebJobsStorage",
    source=func.BlobSource.EVENT_GRID,
)
@app.blob_output(arg_name="$return", path="by-event/{name}", connection="AzureWebJobsStorage")
def on_blob_event(blob: func.InputStream) -> bytes:
    return blob.name.encode()


@app.event_grid_trigger(arg_name="event")
@app.blob_output(arg_name="$return", path="noted/{id}.json", connection="AzureWebJobsStorage")
def on_event(event: func.EventGridEvent) -> str:
    return json.dumps({"subject": event.subject, "type": event.event_type, "data": event.get_json()})


@app.timer_trigger(arg_name="timer", schedule="%TICK%", run_on_startup=True)
@app.queue_output(arg_name="tick", queue_name="ticks", connection="AzureWebJobsStorage")
def on_tick(timer: func.TimerRequest, tick: func.Out[str]) -> None:
    tick.set("late" if timer.past_due else "on time")


@app.route(route="teapot")
def teapot(req: func.HttpRequest) -> func.HttpResponse:
    response = func.HttpResponse(b"\x00\xff", status_code=418, headers={"X-Kind": "tea"}, mimetype="x/y")
    response.headers.add("Set-Cookie", "a=1; Path=/; HttpOnly; SameSite=Lax")
    response.headers.add("Set-Cookie", "b=2; Max-Age=5; Secure")
    return response


@app.route(route="setting/{name}")
def setting(req: func.HttpRequest) -> str:
    return os.environ.get(req.route_params["name"], "(not there)")


@app.route(route="where")
def where(req: func.HttpRequest) -> str:
    return json.dumps({"path": sys.path, "cwd": str(Path.cwd()), "functions": func.__file__})


@app.route(route="locked", auth_level=func.AuthLevel.FUNCTION)
def locked(req: func.HttpRequest) -> str:
    return "in"


@app.route(route="owned", auth_level=func.AuthLevel.ADMIN)
def owned(req: func.HttpRequest) -> str:
    return "in"


@app.route(route="fan")
@app.queue_output(arg_name="messages", queue_name="fan", connection="AzureWebJobsStorage")
def fan(req: func.HttpRequest, messages: func.Out[typing.List[str]]) -> str:  # noqa: UP006 - the runtime knows no list[str]
    messages.set(["one", "two", "three"])
    return "sent"


@app.route(route="read/{name}")
@app.blob_input(
    arg_name="blob", path="copies/{name}.txt", connection="AzureWebJobsStorage", data_type="BINARY"
)
def read(req: func.HttpRequest, blob: func.InputStream) -> func.HttpResponse:
    return func.HttpResponse(b"(none)" if blob is None else blob.read())


@app.route(route="unresolved")
@app.blob_output(arg_name="out", path="copies/{nobody}.txt", connection="AzureWebJobsStorage")
def unresolved(req: func.HttpRequest, out: func.Out[str]) -> str:
    return "never"
