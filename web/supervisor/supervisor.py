"""Runs the product: prepares and starts both runtimes side by side, and stops them together."""

from __future__ import annotations

import asyncio
import contextlib
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
from web.supervisor.errors import BotRuntimeMissing
from web.supervisor.logs import ChildLog
from web.supervisor.ports import check_port
from web.supervisor.preparation import Progress, in_thread
from web.supervisor.secret_file import with_secrets

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
    """Both runtimes of one product under ``settings``.

    ``prepare_web`` fetches models, brings the tables up to date and loads the demo entries; it
    runs in a thread while the bot is trained and started.
    """

    settings: Settings
    reporter: Reporter
    prepare_web: Callable[[Settings, Callable[[str], Progress]], None]
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

        Raises SupervisorError and whatever ``prepare_web`` raises.
        """
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in _STOP_SIGNALS:
            loop.add_signal_handler(number, stop.set)
        try:
            self._check()
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
        await in_thread(lambda: self.prepare_web(self.settings, self.reporter.progress))
        await self._keep(
            "web",
            Command(
                [sys.executable, "-m", "web.app"], PROJECT_ROOT, web_environment(self.settings)
            ),
            probes.ok(f"{local_url(self.settings)}/readyz"),
        )

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
        await child.answering.wait()
        expected = 1 if self.settings.bot_url is not None else 2
        if len(self.children) == expected and all(c.answering.is_set() for c in self.children):
            self.reporter.ready(local_url(self.settings))
