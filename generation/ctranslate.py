"""A generator on CTranslate2: one int8 engine on the CPU, shared by all requests."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from generation.errors import GenerationTimeout, GeneratorNotLoaded
from generation.prompts import chatml
from generation.types import GenerationRequest

_POLL_S = 0.05
_CLOSE_S = 2.0
_CLOSE_POLL_S = 0.005
_TOP_K = 20
_REPLACEMENT = "\ufffd"


class CTranslate2Generator:
    """SmolLM2-Instruct and other chat models in ChatML, converted for CTranslate2.

    ``folder`` gives the model's folder (``model.bin`` and ``tokenizer.json``); it is called by
    ``load()``, so that a model store may fetch it there. ``intra_threads`` are the engine's
    threads for one request, ``parallel`` the requests that it works on at a time; others wait
    their turn. ``deadline_s`` bounds one reply in seconds, waiting included.

    Example: ``CTranslate2Generator(lambda: store.ensure("smollm2-135m"))``
    """

    languages: frozenset[str]

    def __init__(
        self,
        folder: Callable[[], Path],
        *,
        name: str = "smollm2-135m",
        version: str = "instruct-q4_1-int8",
        languages: frozenset[str] = frozenset({"en"}),
        intra_threads: int = 2,
        parallel: int = 1,
        deadline_s: float = 12.0,
        repetition_penalty: float = 1.05,
    ) -> None:
        self.name = name
        self.version = version
        self.languages = languages
        self._folder = folder
        self._intra_threads = intra_threads
        self._parallel = parallel
        self._deadline_s = deadline_s
        self._repetition_penalty = repetition_penalty
        self._turn = threading.BoundedSemaphore(parallel)
        self._lock = threading.Lock()
        self._engine: Any = None
        self._tokenizer: Any = None

    def load(self) -> None:
        """Load the model; a second call does nothing. Raises ModelError of the model store."""
        import ctranslate2
        from tokenizers import Tokenizer

        with self._lock:
            if self._engine is not None:
                return
            folder = self._folder()
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
            self._engine = ctranslate2.Generator(
                str(folder),
                device="cpu",
                compute_type="int8",
                inter_threads=self._parallel,
                intra_threads=self._intra_threads,
            )

    def close(self) -> None:
        """Free the engine; ``load()`` brings it back."""
        with self._lock:
            self._engine = None

    def stream(self, request: GenerationRequest, cancel: threading.Event) -> Iterator[str]:
        """Yield the reply's text piece by piece; see :class:`~generation.types.Generator`."""
        if self._engine is None:
            raise GeneratorNotLoaded("the generator was used before load(); call load() first")
        return self._stream(self._engine, request, cancel, time.monotonic() + self._deadline_s)

    def _stream(
        self, engine: Any, request: GenerationRequest, cancel: threading.Event, deadline: float
    ) -> Iterator[str]:
        if not self._wait_turn(cancel, deadline):
            return
        run = _Run()
        try:
            run.start(engine, self._tokens(request), self._options(request))
            yield from self._decode(run.ids(cancel, deadline))
        finally:
            run.close()
            self._turn.release()

    def _wait_turn(self, cancel: threading.Event, deadline: float) -> bool:
        while not self._turn.acquire(timeout=_POLL_S):
            if cancel.is_set():
                return False
            if time.monotonic() > deadline:
                raise GenerationTimeout("no turn at the model before the deadline")
        return True

    def _tokens(self, request: GenerationRequest) -> list[str]:
        encoded = self._tokenizer.encode(chatml(request), add_special_tokens=False)
        return list(encoded.tokens)

    def _options(self, request: GenerationRequest) -> dict[str, Any]:
        warm = request.temperature > 0
        return {
            "max_length": request.max_tokens,
            "sampling_topk": _TOP_K if warm else 1,
            "sampling_temperature": request.temperature if warm else 1.0,
            "repetition_penalty": self._repetition_penalty,
        }

    def _decode(self, ids: Iterator[int]) -> Iterator[str]:
        """Text of a stream of byte-level tokens; a character split over tokens is held back."""
        held: list[int] = []
        for token in ids:
            held.append(token)
            text = self._tokenizer.decode(held, skip_special_tokens=True)
            if text and not text.endswith(_REPLACEMENT):
                held.clear()
                yield text
        rest = self._tokenizer.decode(held, skip_special_tokens=True).rstrip(_REPLACEMENT)
        if rest:
            yield rest


class _Run:
    """One asynchronous call of the engine, whose tokens come out through a queue."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._steps: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._result: Any = None

    def start(self, engine: Any, tokens: list[str], options: dict[str, Any]) -> None:
        self._result = engine.generate_batch(
            [tokens],
            beam_size=1,
            asynchronous=True,
            include_prompt_in_result=False,
            callback=self._on_step,
            **options,
        )[0]

    def _on_step(self, step: Any) -> bool:
        self._steps.put(step.token_id)
        return self._stop.is_set()

    def close(self) -> None:
        """Stop at the next token and wait for it, so that the engine is free for the next turn."""
        self._stop.set()
        waited_until = time.monotonic() + _CLOSE_S
        while self._result is not None and not self._result.done():
            if time.monotonic() > waited_until:
                return
            time.sleep(_CLOSE_POLL_S)

    def ids(self, cancel: threading.Event, deadline: float) -> Iterator[int]:
        """Token ids as they come; ends on ``cancel``, raises GenerationTimeout at ``deadline``."""
        while True:
            # Asked before the queue is read, so that no token slips between the two.
            done = self._result.done()
            if cancel.is_set():
                return
            if time.monotonic() > deadline:
                raise GenerationTimeout("the model did not finish before the deadline")
            with contextlib.suppress(queue.Empty):
                yield self._steps.get(timeout=0 if done else _POLL_S)
                continue
            if done:
                self._result.result()
                return
