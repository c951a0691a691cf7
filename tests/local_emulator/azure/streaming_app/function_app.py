"""An app that streams, for the tests of the host."""

import asyncio
import os

import azure.functions as func
from azurefunctions.extensions.http.fastapi import JSONResponse, Request, Response, StreamingResponse

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.route(route="count/{to:int}", methods=[func.HttpMethod.GET])
async def count(req: Request) -> StreamingResponse:
    async def numbers():
        for number in range(int(req.path_params["to"])):
            yield f"{number}\n"
            await asyncio.sleep(0.2)

    return StreamingResponse(numbers(), media_type="text/plain")


@app.route(route="measure/{*rest}", methods=[func.HttpMethod.POST])
async def measure(req: Request) -> JSONResponse:
    sizes = [len(part) async for part in req.stream()]
    return JSONResponse({"bytes": sum(sizes), "rest": req.path_params.get("rest"), "pid": os.getpid()})


@app.route(route="fail")
async def fail(req: Request) -> Response:
    raise ValueError("as asked")


@app.route(route="stuck")
async def stuck(req: Request) -> Response:
    await asyncio.sleep(60)
    return Response()


@app.route(route="breaks")
async def breaks(req: Request) -> StreamingResponse:
    async def parts():
        yield "the first"
        os._exit(1)

    return StreamingResponse(parts())


@app.route(route="status/{code:int}")
async def status(req: Request) -> Response:
    code = int(req.path_params["code"])
    return Response(None if code == 204 else str(code), status_code=code)
