"""The websocket ``/v1/chat``: a thin shell that carries out what the pure session says."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from fastapi import APIRouter
from starlette.responses import JSONResponse
from starlette.websockets import WebSocket, WebSocketDisconnect

from web.channels.gateway import Gateway, client_ip
from web.channels.outbox import Outbox
from web.conversation import frames as f
from web.conversation import session as s
from web.conversation.models import UserMessage
from web.errors import PROBLEM_MEDIA_TYPE, InternalError, SlowReader, WebError
from web.security.limits import RateLimit

logger = logging.getLogger(__name__)

CHANNEL = "websocket"
HEARTBEAT_S = 90.0
HELLO_S = 10.0
_TICK_S = 5.0
#: Frames of any kind that one connection may send: this many a minute, this many at once.
_FRAMES_PER_MINUTE, _FRAMES_AT_ONCE = 1200.0, 200.0


def websocket_router(gateway: Gateway) -> APIRouter:
    """The route of the websocket."""
    router = APIRouter()

    @router.websocket("/v1/chat")
    async def chat(websocket: WebSocket) -> None:
        ip = client_ip(websocket)
        try:
            gateway.check_origin(websocket)
            with gateway.connections.one_more(ip):
                await websocket.accept()
                await Connection(websocket, gateway, ip).run()
        except WebError as error:
            # Before the handshake: a plain HTTP answer.
            await websocket.send_denial_response(
                JSONResponse(error.problem("/v1/chat"), error.status, media_type=PROBLEM_MEDIA_TYPE)
            )

    return router


class Connection:
    """One open websocket: reads, writes, keeps the time, and runs the session's commands."""

    def __init__(self, websocket: WebSocket, gateway: Gateway, ip: str) -> None:
        settings = gateway.settings
        self._websocket = websocket
        self._gateway = gateway
        self._ip = ip
        self._max_bytes = settings.max_frame_bytes
        self._conversation_id = ""
        self._outbox = Outbox()
        self._tasks: set[asyncio.Task[None]] = set()
        self._unsubscribe: Callable[[], None] = lambda: None
        self._frames = RateLimit(_FRAMES_PER_MINUTE, _FRAMES_AT_ONCE)
        self._session = s.Session(
            f.Limits(
                max_message_chars=settings.max_message_chars,
                max_frame_bytes=settings.max_frame_bytes,
                rate_per_minute=settings.rate_per_minute,
                heartbeat_s=HEARTBEAT_S,
            ),
            time.monotonic(),
            hello_timeout_s=HELLO_S,
            heartbeat_timeout_s=HEARTBEAT_S,
        )

    async def run(self) -> None:
        """Serve the connection until either side ends it."""
        parts = [
            asyncio.create_task(part())
            for part in (self._read, self._write, self._keep_time, self._watch_reader)
        ]
        try:
            await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._unsubscribe()
            for task in (*parts, *self._tasks):
                task.cancel()
            results = await asyncio.gather(*parts, *self._tasks, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception) and not isinstance(result, WebSocketDisconnect):
                logger.error("a connection failed", exc_info=result)

    async def _read(self) -> None:
        while True:
            event = await self._websocket.receive()
            if event["type"] == "websocket.disconnect":
                return
            raw = event.get("text")
            self._take(raw if raw is not None else event.get("bytes") or b"")

    def _take(self, raw: str | bytes) -> None:
        frame: f.ClientFrame | WebError
        try:
            self._frames.take("")
            frame = f.read_frame(raw, self._max_bytes)
        except WebError as error:
            frame = error
        self._apply(self._session.receive(frame, time.monotonic()))

    async def _write(self) -> None:
        while True:
            item = await self._outbox.next()
            if isinstance(item, tuple):
                with contextlib.suppress(RuntimeError):  # the visitor was faster
                    await self._websocket.close(*item)
                return
            await self._websocket.send_text(item)

    async def _keep_time(self) -> None:
        while True:
            await asyncio.sleep(_TICK_S)
            self._apply(self._session.tick(time.monotonic()))

    async def _watch_reader(self) -> None:
        """What waits is dropped with the connection; a resume reads it from the log."""
        await self._outbox.overflown.wait()
        logger.info("a visitor reads too slowly; the connection is ended")
        with contextlib.suppress(TimeoutError, RuntimeError):
            async with asyncio.timeout(1):
                await self._websocket.close(SlowReader.close_code or 1013, SlowReader.code)

    def _apply(self, outputs: Sequence[s.Output]) -> None:
        for output in outputs:
            if isinstance(output, s.Send):
                self._outbox.put(output.frame.model_dump_json())
            elif isinstance(output, s.Close):
                self._outbox.close(output.code, output.reason)
            elif isinstance(output, s.Subscribe):
                self._subscribe()
            else:
                task = asyncio.create_task(self._carry_out(output))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    def _subscribe(self) -> None:
        self._unsubscribe, unfinished, typing = self._gateway.service.subscribe(
            self._conversation_id, lambda event: self._apply(self._session.heard(event))
        )
        self._apply(self._session.subscribed(unfinished, typing))

    async def _carry_out(self, command: s.Command) -> None:
        failed: Callable[[WebError], list[s.Output]] = self._session.failed
        work: Coroutine[Any, Any, list[s.Output]]
        match command:
            case s.Authenticate():
                work, failed = self._authenticate(command), self._session.refused
            case s.ReadLog(after_seq):
                work, failed = self._read_log(after_seq), self._session.unread
            case s.Submit(frame) | s.Choose(frame):
                client_id = frame.client_message_id

                def failed(error: WebError) -> list[s.Output]:
                    return self._session.failed(error, client_id)

                work = self._submit(frame)
            case _:
                work = self._small(command)
        try:
            self._apply(await work)
        except WebError as error:
            self._apply(failed(error))
        except Exception:
            logger.exception("a command of the websocket failed")
            self._apply(failed(InternalError()))

    async def _authenticate(self, command: s.Authenticate) -> list[s.Output]:
        self._gateway.tokens.check(command.token, command.conversation_id)
        last_seq = await self._gateway.service.last_seq(command.conversation_id)
        self._conversation_id = command.conversation_id
        return self._session.authenticated(last_seq)

    async def _read_log(self, after_seq: int) -> list[s.Output]:
        service = self._gateway.service
        page = await service.page(self._conversation_id, after_seq)
        outputs = self._session.page(page.messages, page.last_seq)
        if not page.messages or page.messages[-1].role == "user":
            # Left behind by a crash, perhaps: have it answered now.
            await service.wake(self._conversation_id)
        return outputs

    async def _submit(self, frame: f.Message | f.Choice) -> list[s.Output]:
        service, conversation = self._gateway.service, self._conversation_id
        self._gateway.take_message(conversation, self._ip)
        if isinstance(frame, f.Choice):
            accepted = await service.choose(
                conversation,
                frame.client_message_id,
                frame.message_id,
                frame.entry_id,
                CHANNEL,
            )
        else:
            message = UserMessage(
                conversation_id=conversation,
                client_message_id=frame.client_message_id,
                text=frame.text,
                channel=CHANNEL,
                lang=frame.lang,
            )
            accepted = await service.submit(message)
        return self._session.accepted(accepted.message, accepted.answer)

    async def _small(self, command: s.Command) -> list[s.Output]:
        service, conversation = self._gateway.service, self._conversation_id
        if isinstance(command, s.StopWriting):
            await service.stop(conversation, command.message_id)
        elif isinstance(command, s.Rate):
            await service.rate(conversation, command.frame.message_id, command.frame.value)
        return []
