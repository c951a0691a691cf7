"""An app with functions of every kind, for the tests of the host."""

import json
import logging
import os
import time

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


@app.blob_trigger(arg_name="blob", path="uploads/{name}.csv", connection="AzureWebJobsStorage", data_type="binary")
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
