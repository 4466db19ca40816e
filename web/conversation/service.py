"""The conversation service: a message's straight way from any channel to its answer.

    submit ─► log ─► (lane: one at a time) retrieval ─► bot ─► responder ─► log ─► hub

A message is committed before anything else happens. Its answer is made whether or not anybody
still listens, and told to everybody who does. Nothing is kept in memory in place of the log.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, TypeVar

from web.conversation.aftercare import Aftercare, Thumb
from web.conversation.draft import Draft
from web.conversation.events import (
    Committed,
    Deleted,
    Done,
    Event,
    Failed,
    PersonOffered,
    Rated,
    Typing,
    Unfinished,
)
from web.conversation.history import History, Page
from web.conversation.hub import Hub, Listener
from web.conversation.lane import Job, Lane
from web.conversation.log import Accepted, ConversationLog
from web.conversation.models import Provenance, StoredMessage, UserMessage
from web.conversation.storage import LogThreads
from web.conversation.turns import TurnMaker
from web.errors import (
    AnswerFailed,
    ConversationGone,
    MessageNotFound,
    NotReady,
    OptionNotOffered,
    ShuttingDown,
    WebError,
)
from web.security.text import clean_text

logger = logging.getLogger(__name__)

R = TypeVar("R")
_RECOVER_WITHIN = timedelta(hours=1)


class ConversationService:
    """All that a channel needs of conversations. Belongs to one event loop.

    Args:
        log, history, aftercare: the log and what belongs to it.
        threads: where their calls run.
        turns: makes the answers.
        ready: why answers cannot be given yet, or None.
        forget: has the bot forget a deleted conversation.
        person: opening hours and address shown where a person is offered.
        max_chars: longest message in code points.
    """

    def __init__(
        self,
        *,
        log: ConversationLog,
        history: History,
        aftercare: Aftercare,
        threads: LogThreads,
        turns: TurnMaker,
        ready: Callable[[], str | None],
        forget: Callable[[str], Coroutine[Any, Any, None]],
        person: tuple[str, str],
        max_chars: int,
    ) -> None:
        self._log = log
        self._history = history
        self._aftercare = aftercare
        self._threads = threads
        self._turns = turns
        self._ready = ready
        self._forget = forget
        self._person = person
        self._max_chars = max_chars
        self._hub = Hub()
        self._lanes: dict[str, Lane] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closing = False

    async def open(self, channel: str, conversation_id: str | None = None) -> tuple[str, str]:
        """Start a conversation; returns its id and its resume key.

        Raises MessageConflict where a given id is taken, LogUnavailable.
        """
        return await self._threads.run(self._log.create, channel, conversation_id)

    async def submit(self, message: UserMessage) -> Accepted:
        """Commit a message and have it answered; returns as soon as it is committed.

        A retry (same id, same payload) returns the message that was committed first, with its
        answer where there is one; an unanswered one is taken up again. Raises EmptyMessage,
        MessageTooLong, TextNotAllowed, MessageConflict, ConversationNotFound,
        ConversationGone, LogUnavailable, NotReady, ShuttingDown.
        """
        if self._closing:
            raise ShuttingDown
        missing = self._ready()
        if missing is not None:
            raise NotReady(f"Not ready yet: {missing}.", retry_after_s=2)
        text = clean_text(message.text, self._max_chars)
        message = message.model_copy(update={"text": text})
        # In a task of its own: a caller who gives up must not leave a message half taken.
        return await asyncio.shield(self._spawn(self._submit(message)))

    async def choose(
        self,
        conversation_id: str,
        client_message_id: str,
        message_id: str,
        entry_id: str,
        channel: str,
    ) -> Accepted:
        """Submit a pressed "did you mean" button of the answer ``message_id``.

        Raises MessageNotFound, OptionNotOffered, and what :meth:`submit` raises.
        """
        asked = await self._message(conversation_id, message_id)
        label = next((o.label for o in asked.options if o.entry_id == entry_id), None)
        if label is None:
            raise OptionNotOffered(f"{entry_id!r} is not among the options of that message.")
        return await self.submit(
            UserMessage(
                conversation_id=conversation_id,
                client_message_id=client_message_id,
                text=label,
                channel=channel,
                selected_entry_id=entry_id,
            )
        )

    async def check_offered(self, conversation_id: str, entry_id: str) -> None:
        """Raise OptionNotOffered unless the entry was an option in the conversation."""
        if not await self._threads.run(self._history.offered, conversation_id, entry_id):
            raise OptionNotOffered(f"{entry_id!r} is not among the options of this conversation.")

    async def handle(self, message: UserMessage) -> AsyncIterator[Event]:
        """Submit a message and yield what happens until it is answered.

        First Committed, last Done; a retry of an answered message gives just these two. Raises
        what :meth:`submit` raises, AnswerFailed and LogUnavailable where the answer could not
        be committed, ConversationGone where the conversation was deleted meanwhile.
        """
        events: asyncio.Queue[Event] = asyncio.Queue()
        unsubscribe = self._hub.subscribe(message.conversation_id, events.put_nowait)
        try:
            accepted = await self.submit(message)
            user_id = accepted.message.id
            yield Committed(accepted.message)
            if accepted.answer is not None:
                yield Done(accepted.answer)
                return
            while True:
                event = await events.get()
                if isinstance(event, Deleted):
                    raise ConversationGone
                if isinstance(event, Failed) and event.reply_to == user_id:
                    raise event.error
                if isinstance(event, Done) and event.message.reply_to == user_id:
                    yield event
                    return
                if getattr(event, "reply_to", user_id) == user_id and not isinstance(
                    event, Committed | Done | Failed
                ):
                    yield event
        finally:
            unsubscribe()

    async def ask(self, message: UserMessage) -> tuple[StoredMessage, StoredMessage]:
        """Submit a message and wait for its answer; returns both as committed.

        Raises what :meth:`handle` raises.
        """
        user: StoredMessage | None = None
        async for event in self.handle(message):
            if isinstance(event, Committed):
                user = event.message
            elif isinstance(event, Done) and user is not None:
                return user, event.message
        raise AnswerFailed

    def subscribe(
        self, conversation_id: str, listener: Listener
    ) -> tuple[Callable[[], None], tuple[Unfinished, ...], bool]:
        """Hear a conversation; returns how to end it, and what is under way at this moment.

        That is the answers being written, with their text so far, and whether "typing" is on.
        """
        unsubscribe = self._hub.subscribe(conversation_id, listener)
        lane = self._lanes.get(conversation_id)
        if lane is None:
            return unsubscribe, (), False
        drafts = tuple(job.draft.unfinished for job in lane.jobs if job.draft.text)
        return unsubscribe, drafts, lane.typing

    async def page(self, conversation_id: str, after_seq: int = 0, limit: int = 100) -> Page:
        """A page of the history. Raises ConversationNotFound, ConversationGone, LogUnavailable."""
        return await self._threads.run(self._history.page, conversation_id, after_seq, limit)

    async def last_seq(self, conversation_id: str) -> int:
        """The seq of the last message. Raises ConversationNotFound, ConversationGone."""
        return await self._threads.run(self._log.last_seq, conversation_id)

    async def opens(self, conversation_id: str, resume_key: str) -> bool:
        """Whether the resume key belongs to the conversation."""
        return await self._threads.run(self._log.opens, conversation_id, resume_key)

    async def stop(self, conversation_id: str, message_id: str) -> None:
        """Stop writing an answer, named by its id or its message's; what is written is kept.

        An answer that is finished already stays as it is. Raises MessageNotFound.
        """
        lane = self._lanes.get(conversation_id)
        job = lane.job(message_id) if lane else None
        if job is None:
            await self._message(conversation_id, message_id)
            return
        job.draft.stopped = True
        if job.writing is not None:
            job.writing.cancel()

    async def rate(self, conversation_id: str, message_id: str, value: Thumb | None) -> None:
        """Store a thumb on an answer. Raises MessageNotFound, LogUnavailable."""
        await self._threads.run(self._aftercare.rate, conversation_id, message_id, value)
        self._hub.publish(conversation_id, Rated(message_id, value))

    async def request_person(self, conversation_id: str, email: str, note: str) -> str:
        """Keep the wish to hear from a person; returns the reference number."""
        return await self._threads.run(self._aftercare.request_person, conversation_id, email, note)

    async def delete(self, conversation_id: str) -> None:
        """Delete all that was said, here and in the bot's memory."""
        async with self._lane(conversation_id) as lane:
            await self._threads.run(self._log.delete, conversation_id)
            for job in tuple(lane.jobs):
                if job.writing is not None:
                    job.writing.cancel()
            self._hub.publish(conversation_id, Deleted())
        self._spawn(self._forget(conversation_id))

    async def wake(self, conversation_id: str | None = None) -> int:
        """Take up messages that a crash left without an answer; returns how many.

        Of all conversations (the last hour's) where no id is given.
        """
        within = _RECOVER_WITHIN if conversation_id is None else None
        pending = await self._threads.run(self._log.pending, conversation_id, within)
        for message in pending:
            try:
                await self.submit(message)
            except WebError as error:
                logger.warning("an unanswered message could not be taken up: %s", error)
        return len(pending)

    async def aclose(self, grace_s: float = 5.0) -> None:
        """Take no more messages, let running answers end, then stop."""
        self._closing = True
        if self._tasks:
            await asyncio.wait(tuple(self._tasks), timeout=grace_s)
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _submit(self, message: UserMessage) -> Accepted:
        async with self._lane(message.conversation_id) as lane:
            started = time.perf_counter()
            async with lane.commit:
                accepted = await self._threads.run(self._log.append_user, message)
                ms = round((time.perf_counter() - started) * 1000, 2)
                if not accepted.duplicate:
                    self._hub.publish(message.conversation_id, Committed(accepted.message))
            if accepted.answer is None and lane.job(accepted.message.id) is None:
                self._enqueue(lane, message, accepted, ms)
            return accepted

    def _enqueue(self, lane: Lane, message: UserMessage, accepted: Accepted, ms: float) -> None:
        user = accepted.message

        def publish(event: Event) -> None:
            self._hub.publish(user.conversation_id, event)

        history = accepted.history if not lane.jobs else None
        lane.jobs.append(
            Job(message, user, accepted.missed, {"log": ms}, Draft(user, publish), history)
        )
        if lane.worker is None:
            lane.worker = self._spawn(self._work(user.conversation_id, lane))

    async def _work(self, conversation_id: str, lane: Lane) -> None:
        """Answer the lane's messages, one after the other."""
        self._type(conversation_id, lane, on=True)
        try:
            while lane.jobs:
                job = lane.jobs[0]
                try:
                    await self._answer(job, lane)
                except ConversationGone:
                    logger.info("a conversation was deleted while it was being answered")
                except Exception as error:  # noqa: BLE001 - told to the visitor, and logged
                    self._give_up(job, error)
                finally:
                    lane.jobs.popleft()
        finally:
            lane.worker = None
            self._type(conversation_id, lane, on=False)
            self._drop_if_idle(conversation_id, lane)

    async def _answer(self, job: Job, lane: Lane) -> None:
        draft = job.draft
        provenance: Provenance | None = None
        degraded = False
        if not draft.stopped:
            job.writing = self._spawn(self._make(job))
            await asyncio.wait({job.writing})
            if job.writing.cancelled():
                if not draft.stopped:
                    raise ConversationGone
            else:
                provenance, degraded = job.writing.result()
        async with lane.commit:
            answer = await self._threads.run(
                self._log.append_answer,
                draft.finished(provenance),
                job.message.channel,
                degraded,
            )
            if draft.offers_person:
                hours, email = self._person
                self._hub.publish(answer.conversation_id, PersonOffered(answer.id, hours, email))
            self._hub.publish(answer.conversation_id, Done(answer))

    async def _make(self, job: Job) -> tuple[Provenance, bool]:
        history = job.history
        if history is None:
            history = await self._threads.run(self._history.before, job.user)
        return await self._turns.make(job.message, job.user, history, job.missed, job.draft, job.ms)

    def _give_up(self, job: Job, error: Exception) -> None:
        """Nothing is pretended: the message stays in the log, unanswered, for a retry."""
        if not isinstance(error, WebError):
            logger.error("an answer failed", exc_info=error)
            error = AnswerFailed()
        client_id = job.user.client_message_id or ""
        self._hub.publish(job.user.conversation_id, Failed(job.user.id, client_id, error))

    def _type(self, conversation_id: str, lane: Lane, *, on: bool) -> None:
        lane.typing = on
        self._hub.publish(conversation_id, Typing(on))

    async def _message(self, conversation_id: str, message_id: str) -> StoredMessage:
        found = await self._threads.run(self._history.message, conversation_id, message_id)
        if found is None:
            raise MessageNotFound
        return found

    @asynccontextmanager
    async def _lane(self, conversation_id: str) -> AsyncIterator[Lane]:
        lane = self._lanes.setdefault(conversation_id, Lane())
        lane.users += 1
        try:
            yield lane
        finally:
            lane.users -= 1
            self._drop_if_idle(conversation_id, lane)

    def _drop_if_idle(self, conversation_id: str, lane: Lane) -> None:
        if lane.idle:
            self._lanes.pop(conversation_id, None)

    def _spawn(self, work: Coroutine[Any, Any, R]) -> asyncio.Task[R]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
