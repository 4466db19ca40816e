"""Stock Rasa 3.6, set up for an FAQ as its documentation recommends, in a temporary folder.

Two arms: ``selector`` answers from a ResponseSelector with retrieval intents; ``actions`` gives
each entry an intent and answers by a custom action on the SDK's action server, as bots that look
answers up elsewhere do. Both keep trackers in SQLite, as a bot that must survive a restart does.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Literal

import httpx
import psutil
import yaml

from benchmarks.faq import FaqEntry
from benchmarks.report import ROOT

Arm = Literal["selector", "actions"]
BOT_PYTHON = ROOT / ".venv-bot" / "bin" / "python"
_START_TIMEOUT_S = 180

# What `rasa init` writes into config.yml, spelled out; the ResponseSelector serves the FAQ.
_PIPELINE = [
    {"name": "WhitespaceTokenizer"},
    {"name": "RegexFeaturizer"},
    {"name": "LexicalSyntacticFeaturizer"},
    {"name": "CountVectorsFeaturizer"},
    {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
    {"name": "DIETClassifier", "epochs": 100, "constrain_similarities": True, "random_seed": 1},
    {"name": "EntitySynonymMapper"},
]
_SELECTOR = {
    "name": "ResponseSelector",
    "epochs": 100,
    "constrain_similarities": True,
    "retrieval_intent": "faq",
    "random_seed": 1,
}
_POLICIES = [{"name": "MemoizationPolicy"}, {"name": "RulePolicy"}]
_SMALLTALK = {
    "greet": ["hello", "hi there", "good morning", "hey"],
    "goodbye": ["bye", "see you later", "goodbye", "have a nice day"],
}

_ACTIONS_MODULE = '''"""Looks the answer of an intent up in a file."""

import json
import pathlib

from rasa_sdk import Action

ANSWERS = json.loads((pathlib.Path(__file__).parent / "answers.json").read_text("utf-8"))


class ActionAnswer(Action):
    def name(self):
        return "action_answer"

    def run(self, dispatcher, tracker, domain):
        dispatcher.utter_message(text=ANSWERS[tracker.latest_message["intent"]["name"]])
        return []
'''


class StockRasa:
    """One arm: ``write`` the project, ``train`` it, ``start`` it; ``stop`` ends its processes.

    ``with_api`` opens Rasa's own HTTP API too, which tells intents and confidences.
    """

    def __init__(self, arm: Arm, folder: Path, port: int, *, with_api: bool = False) -> None:
        self.arm: Arm = arm
        self._options = ["--enable-api"] if with_api else []
        self.url = f"http://127.0.0.1:{port}"
        self._folder = folder
        self._port = port
        self._running: list[subprocess.Popen[bytes]] = []
        self._files = ExitStack()

    def write(self, entries: Sequence[FaqEntry]) -> None:
        """Write config, domain, NLU data, rules and endpoints."""
        self._folder.mkdir(parents=True, exist_ok=True)
        pipeline = [*_PIPELINE, _SELECTOR] if self.arm == "selector" else list(_PIPELINE)
        self._dump(
            "config.yml",
            {"recipe": "default.v1", "language": "en", "pipeline": pipeline, "policies": _POLICIES},
        )
        intents = ["faq"] if self.arm == "selector" else [entry.id for entry in entries]
        responses = {f"utter_{name}": [{"text": f"{name}!"}] for name in _SMALLTALK}
        if self.arm == "selector":
            responses |= {f"utter_faq/{e.id}": [{"text": e.answer}] for e in entries}
        domain = {
            "version": "3.1",
            "intents": [*_SMALLTALK, *intents],
            "responses": responses,
            "actions": ["utter_faq" if self.arm == "selector" else "action_answer"],
            "session_config": {
                "session_expiration_time": 60,
                "carry_over_slots_to_new_session": True,
            },
        }
        self._dump("domain.yml", domain)
        self._dump("data/nlu.yml", {"version": "3.1", "nlu": self._examples(entries)})
        self._dump("data/rules.yml", {"version": "3.1", "rules": self._rules(intents)})
        store = {"type": "SQL", "dialect": "sqlite", "db": str(self._folder / "tracker.db")}
        endpoints: dict[str, object] = {"tracker_store": store}
        if self.arm == "actions":
            endpoints["action_endpoint"] = {"url": f"http://127.0.0.1:{self._port + 1}/webhook"}
            answers = {entry.id: entry.answer for entry in entries}
            (self._folder / "answers.json").write_text(json.dumps(answers), "utf-8")
            (self._folder / "actions.py").write_text(_ACTIONS_MODULE, "utf-8")
        self._dump("endpoints.yml", endpoints)
        self._dump("credentials.yml", {"rest": None})

    def train(self) -> float:
        """Train what has changed, as Rasa's cache knows it; returns seconds.

        Raises CalledProcessError where training fails.
        """
        started = time.perf_counter()
        command = ["train", "--fixed-model-name", "model"]
        with (self._folder / "train.log").open("wb") as log:
            subprocess.run(
                [BOT_PYTHON, "-m", "rasa", *command],
                cwd=self._folder,
                env=_environment(),
                stdout=log,
                stderr=log,
                check=True,
            )
        return time.perf_counter() - started

    def start(self) -> float:
        """Start the processes and wait until a question is answered; returns seconds."""
        started = time.perf_counter()
        if self.arm == "actions":
            self._start_actions()
        self._spawn(
            "rasa",
            [
                "-m",
                "rasa",
                "run",
                "-i",
                "127.0.0.1",
                "-p",
                str(self._port),
                "-m",
                "models/model.tar.gz",
                *self._options,
            ],
        )
        while time.perf_counter() - started < _START_TIMEOUT_S:
            if self._answers():
                return time.perf_counter() - started
            time.sleep(0.25)
        raise TimeoutError(f"stock Rasa did not start; see {self._folder / 'rasa.log'}")

    def edit(self, entries: Sequence[FaqEntry]) -> None:
        """Make edited answers live, by the shortest way that the arm has."""
        self.write(entries)
        if self.arm == "actions":
            # The answers lie in the action server's file: only that process has to come anew.
            actions = self._running.pop(0)
            actions.terminate()
            actions.wait(timeout=30)
            self._start_actions()
            self._running.insert(0, self._running.pop())
            return
        self.stop()
        self.train()
        self.start()

    @property
    def processes(self) -> list[int]:
        """Ids of the started processes."""
        return [process.pid for process in self._running]

    def memory_mb(self) -> float:
        """Resident memory of all processes of this arm, in MB."""
        return sum(tree_memory_mb(process.pid) for process in self._running)

    def stop(self) -> None:
        """End all processes."""
        for process in self._running:
            process.terminate()
        for process in self._running:
            process.wait(timeout=30)
        self._running.clear()
        self._files.close()

    def _examples(self, entries: Sequence[FaqEntry]) -> list[dict[str, str]]:
        prefix = "faq/" if self.arm == "selector" else ""
        named = [(prefix + entry.id, entry.known) for entry in entries]
        named += [(name, tuple(texts)) for name, texts in _SMALLTALK.items()]
        return [
            {"intent": name, "examples": "".join(f"- {_plain(text)}\n" for text in texts)}
            for name, texts in named
        ]

    def _rules(self, intents: Sequence[str]) -> list[dict[str, object]]:
        answer = "utter_faq" if self.arm == "selector" else "action_answer"
        steps = [(intent, answer) for intent in intents]
        steps += [(name, f"utter_{name}") for name in _SMALLTALK]
        return [
            {"rule": f"on {intent}", "steps": [{"intent": intent}, {"action": action}]}
            for intent, action in steps
        ]

    def _answers(self) -> bool:
        try:
            body = {"sender": "warm-up", "message": "hello"}
            return bool(httpx.post(f"{self.url}/webhooks/rest/webhook", json=body).json())
        except (httpx.HTTPError, ValueError):
            return False

    def _start_actions(self) -> None:
        port = str(self._port + 1)
        self._spawn("actions", ["-m", "rasa_sdk", "--actions", "actions", "--port", port])

    def _spawn(self, name: str, arguments: list[str]) -> None:
        log = self._files.enter_context((self._folder / f"{name}.log").open("ab"))
        self._running.append(
            subprocess.Popen(
                [BOT_PYTHON, *arguments],
                cwd=self._folder,
                env=_environment(),
                stdout=log,
                stderr=log,
            )
        )

    def _dump(self, name: str, body: object) -> None:
        path = self._folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(yaml.safe_dump(body, allow_unicode=True, sort_keys=False), "utf-8")


def tree_memory_mb(pid: int) -> float:
    """Resident memory of a process and its descendants, in MB."""
    process = psutil.Process(pid)
    tree = [process, *process.children(recursive=True)]
    return sum(one.memory_info().rss for one in tree) / 1e6


def _environment() -> dict[str, str]:
    return {
        **os.environ,
        "RASA_TELEMETRY_ENABLED": "false",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
        "PATH": f"{BOT_PYTHON.parent}{os.pathsep}{os.environ.get('PATH', '')}",
    }


def _plain(text: str) -> str:
    """One line without the marks that Rasa's training format gives a meaning to."""
    return " ".join(text.translate(str.maketrans("[]{}()", "      ")).split())
