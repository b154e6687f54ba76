"""Program of the services behind the entry in `test_edge.py`, for an image with FastAPI and uvicorn.

Every path answers 200, `/stream/N` sends a number each second, `/echo` is a WebSocket, and `/spend/N` counts N output tokens.
"""

METRICS_PORT = 9464
MODEL = "test-model"
PROGRAM = """
import asyncio, os
import uvicorn
from fastapi import FastAPI, Request, WebSocket
from fastapi.responses import StreamingResponse
from prometheus_client import Counter, start_http_server

name = "gen_ai_client_inference_usage_output_tokens_total"
tokens_used = Counter(name, "Output tokens used.", ("gen_ai_request_model",)).labels("MODEL")
app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

@app.get("/stream/{seconds}")
async def stream(seconds: int):
    async def events():
        for number in range(1, seconds + 1):
            yield f"data: {number}\\n\\n"
            await asyncio.sleep(1)
    return StreamingResponse(events(), media_type="text/event-stream")

@app.websocket("/echo")
async def echo(socket: WebSocket):
    await socket.accept()
    async for text in socket.iter_text():
        await socket.send_text(text)

@app.post("/spend/{tokens}")
async def spend(tokens: int):
    tokens_used.inc(tokens)
    return tokens

@app.api_route("/{path:path}", methods=["GET", "POST", "OPTIONS"])
async def answer(request: Request):
    return {"revision": os.environ.get("REVISION"), "bytes": len(await request.body())}

start_http_server(METRICS_PORT)
uvicorn.run(app, host="0.0.0.0", port=int(os.environ["PORT"]), access_log=False)
""".replace("MODEL", MODEL, 1).replace("METRICS_PORT", str(METRICS_PORT))
"""Source for `python3 -c`."""
