"""Runs the product: prepares and starts both runtimes side by side, and stops them together."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from web.settings import PROJECT_ROOT, Settings
from web.supervisor import probes
from web.supervisor.bot_project import BotProject
from web.supervisor.children import Child, Command, Patience
from web.supervisor.environment import bot_environment, local_url, resolved, web_environment
from web.supervisor.errors import BotRuntimeMissing, PreparationFailed
from web.supervisor.jobs import run_job
from web.supervisor.logs import ChildLog
from web.supervisor.ports import check_port
from web.supervisor.preparation import Progress
from web.supervisor.secret_file import with_secrets

_SAY_EVERY_S, _ASK_EVERY_S = 30.0, 2.0
_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True, slots=True)
class Reporter:
    """What the supervisor tells whoever started it.

    ``step`` is handed sentences, ``progress`` gives a reporter of (stage, done, total) for a piece
    of work by name, ``ready`` the address once both runtimes can answer.
    """

    step: Callable[[str], None]
    progress: Callable[[str], Progress]
    ready: Callable[[str], None]
    echo: TextIO | None = None


@dataclass(slots=True)
class Supervisor:
    """Both runtimes of one product under ``settings``."""

    settings: Settings
    reporter: Reporter
    patience: Patience = field(default_factory=Patience)
    project: BotProject | None = None
    children: list[Child] = field(default_factory=list)
    _stopping: bool = False

    def __post_init__(self) -> None:
        self.settings = resolved(self.settings)
        if self.project is None:
            self.project = BotProject(self.settings.data_dir / "bot" / "models")

    async def run(self) -> None:
        """Run until Ctrl-C or SIGTERM, then stop everything.

        Raises SupervisorError.
        """
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in _STOP_SIGNALS:
            loop.add_signal_handler(number, stop.set)
        try:
            self._check()
            self.settings.make_data_dir()
            self.settings = with_secrets(self.settings)
            await self._run_until(stop)
        finally:
            for number in _STOP_SIGNALS:
                loop.remove_signal_handler(number)

    def _check(self) -> None:
        """Refuse to start before anything was touched. Raises PortBusy, BotRuntimeMissing."""
        settings = self.settings
        check_port(settings.host, settings.port, "--port", "GRAPEVINE_PORT")
        if settings.bot_url is None:
            check_port("127.0.0.1", settings.bot_port, "--bot-port", "GRAPEVINE_BOT_PORT")
            assert self.project is not None
            self.project.check_runtime()
            if not self.project.folder.is_dir():
                raise BotRuntimeMissing(f"The bot's project folder is missing: {self.project}")

    async def _run_until(self, stop: asyncio.Event) -> None:
        lines = [asyncio.create_task(self._web_line())]
        if self.settings.bot_url is None:
            lines.append(asyncio.create_task(self._bot_line()))
        stopped = asyncio.create_task(stop.wait())
        try:
            done, _ = await asyncio.wait([stopped, *lines], return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            stopped.cancel()
            self._stopping = True
            self.reporter.step("Stopping.")
            await asyncio.gather(*(child.stop() for child in self.children))
            for task in lines:
                task.cancel()
            await asyncio.gather(*lines, return_exceptions=True)

    async def _bot_line(self) -> None:
        assert self.project is not None
        progress = self.reporter.progress("bot")
        model = await self.project.train(lambda stage: progress(f"training {stage}", 0, 0))
        progress("trained", 1, 1)
        port = self.settings.bot_port
        await self._keep(
            "bot",
            Command(self.project.command(model, port), self.project.folder, self._bot_variables()),
            probes.member(f"http://127.0.0.1:{port}/webhooks/grapevine/health", "ready"),
        )

    async def _web_line(self) -> None:
        await self._prepare()
        await self._keep(
            "web",
            self._module("web.app"),
            probes.ok(f"{local_url(self.settings)}/readyz"),
        )

    async def _prepare(self) -> None:
        """Models, tables and demo entries, in a process of their own. Raises PreparationFailed."""
        reporters: dict[str, Progress] = {}
        said: list[str] = []

        def line(text: str) -> None:
            try:
                what = json.loads(text)
                name = what["name"]
            except (ValueError, KeyError, TypeError):
                said.append(text)
                return
            report = reporters.setdefault(name, self.reporter.progress(name))
            report(what["stage"], what["done"], what["total"])

        code = await run_job(self._module("web.supervisor.preparation"), line)
        if code != 0:
            raise PreparationFailed(_reason(said, code))

    def _module(self, name: str) -> Command:
        arguments = [sys.executable, "-m", name]
        return Command(arguments, PROJECT_ROOT, web_environment(self.settings))

    def _bot_variables(self) -> dict[str, str]:
        variables = bot_environment(self.settings)
        Path(variables["GRAPEVINE_BOT_STATE"]).mkdir(parents=True, exist_ok=True)
        return variables

    async def _keep(self, name: str, command: Command, ready: probes.Question) -> None:
        """Run one child, and say so once all of them can answer."""
        if self._stopping:
            return
        output = ChildLog(name, self.settings.data_dir / "logs", self.reporter.echo)
        child = Child(name, command, ready, output, self.patience)
        self.children.append(child)
        announcing = asyncio.create_task(self._announce(child))
        try:
            await child.run()
        finally:
            announcing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await announcing
            output.close()

    async def _announce(self, child: Child) -> None:
        log = self.settings.data_dir / "logs" / f"{child.name}.log"
        said, patience = None, _SAY_EVERY_S
        while not child.answering.is_set():
            try:
                await asyncio.wait_for(child.answering.wait(), _ASK_EVERY_S)
            except TimeoutError:
                patience -= _ASK_EVERY_S
                fault = await self._fault(child)
                if fault is not None and fault != said:
                    said = fault
                    self.reporter.step(f"The {child.name} process cannot answer: {fault}")
                elif patience <= 0:
                    patience = _SAY_EVERY_S
                    self.reporter.step(f"The {child.name} process cannot answer yet; see {log}")
        expected = 1 if self.settings.bot_url is not None else 2
        if len(self.children) == expected and all(c.answering.is_set() for c in self.children):
            self.reporter.ready(local_url(self.settings))

    async def _fault(self, child: Child) -> str | None:
        """What the web process knows to be wrong; waiting would not mend it."""
        if child.name != "web":
            return None
        return await probes.fault(f"{local_url(self.settings)}/readyz")


def _reason(said: list[str], code: int) -> str:
    """What a failed preparation said: its own sentence, else its last lines."""
    last = said[-1] if said else ""
    try:
        return str(json.loads(last)["error"])
    except (ValueError, KeyError, TypeError):
        words = "\n".join(said[-8:])
        return f"Preparing models and database failed (exit code {code}):\n{words}"
