"""The tracker store on its own: live objects, journal, folding, bounds."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from rasa.core.tracker_store import TrackerStore, check_if_tracker_store_async
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, ActiveLoop, BotUttered, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from bot.components.journal import Journal
from bot.components.store import LiveTrackerStore
from bot.errors import JournalError

DOMAIN = Domain.from_yaml(
    """
version: "3.1"
intents: [hi]
slots:
  number: {type: text, influence_conversation: false, mappings: [{type: custom}]}
forms:
  some_form: {required_slots: [number]}
"""
)


def store(folder: Path, **more: int) -> LiveTrackerStore:
    return LiveTrackerStore(DOMAIN, folder=str(folder), **more)


def say(tracker: DialogueStateTracker, text: str) -> None:
    tracker.update(UserUttered(text, {"name": "hi"}, message_id=text))
    tracker.update(BotUttered(f"{text}!"))
    tracker.update(ActionExecuted("action_listen"))


async def test_the_live_object_comes_back(tmp_path: Path) -> None:
    live = store(tmp_path)
    tracker = await live.get_or_create_tracker("c")
    say(tracker, "a")
    await live.save(tracker)
    assert await live.retrieve("c") is tracker


async def test_another_process_reads_the_same_events(tmp_path: Path) -> None:
    live = store(tmp_path)
    tracker = await live.get_or_create_tracker("c")
    for text in "abc":
        say(tracker, text)
        await live.save(tracker)
    restored = await store(tmp_path).retrieve("c")
    assert list(restored.events) == list(tracker.events)
    assert await store(tmp_path).retrieve("other") is None
    assert list(await live.keys()) == ["c"]


async def test_a_discarded_turn_never_was(tmp_path: Path) -> None:
    live = store(tmp_path)
    tracker = await live.get_or_create_tracker("c")
    say(tracker, "a")
    await live.save(tracker)
    say(tracker, "half a turn")
    live.discard("c")
    restored = await live.retrieve("c")
    assert [e.text for e in restored.events if isinstance(e, UserUttered)] == ["a"]


async def test_folding_keeps_slots_form_and_whole_turns(tmp_path: Path) -> None:
    live = store(tmp_path, max_events=20)
    tracker = await live.get_or_create_tracker("c")
    tracker.update(SlotSet("number", "7"))
    tracker.update(ActiveLoop("some_form"))
    for n in range(100):
        say(tracker, f"t{n}")
        await live.save(tracker)
        tracker = await live.retrieve("c")
        assert len(tracker.events) <= 20
        assert tracker.get_slot("number") == "7"
        assert tracker.active_loop_name == "some_form"
        assert tracker.latest_message.text == f"t{n}"
    restored = await store(tmp_path).retrieve("c")
    assert list(restored.events) == list(tracker.events)
    assert restored.get_slot("number") == "7"
    users = [e.text for e in restored.events if isinstance(e, UserUttered)]
    assert users == [f"t{n}" for n in range(100 - len(users), 100)]


async def test_memory_is_bounded_and_the_rest_is_on_disk(tmp_path: Path) -> None:
    live = store(tmp_path, max_live=10)
    for n in range(30):
        tracker = await live.get_or_create_tracker(f"c{n}")
        say(tracker, f"hello {n}")
        await live.save(tracker)
    assert len(live._live) == len(live._written) == 10
    first = await live.retrieve("c0")
    assert first.latest_message.text == "hello 0"


async def test_forgotten_conversations_leave_the_disk(tmp_path: Path) -> None:
    live = store(tmp_path)
    tracker = await live.get_or_create_tracker("c")
    say(tracker, "a secret")
    await live.save(tracker)
    live.forget("c")
    assert await live.retrieve("c") is None
    assert Journal(tmp_path).read("c") == []


async def test_old_conversations_are_dropped_on_start(tmp_path: Path) -> None:
    live = store(tmp_path)
    await live.get_or_create_tracker("old")
    await live.get_or_create_tracker("new")
    with sqlite3.connect(str(tmp_path / "conversations.sqlite")) as db:
        db.execute("UPDATE events SET at = at - 90 * 86400 WHERE conversation = 'old'")
    assert list(await store(tmp_path).keys()) == ["new"]


def test_a_turn_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append("c", 0, ["1", "2"])
    with pytest.raises(sqlite3.IntegrityError):
        journal.append("c", 1, ["x", "y"])
    assert journal.read("c") == ["1", "2"]


@pytest.mark.parametrize("content", [b"not a database" * 100, None])
def test_an_unusable_folder_is_a_clear_error(tmp_path: Path, content: bytes | None) -> None:
    folder = tmp_path / "state"
    if content is None:
        folder.write_text("a file where the folder should be")
    else:
        folder.mkdir()
        (folder / "conversations.sqlite").write_bytes(content)
    with pytest.raises(JournalError, match="GRAPEVINE_BOT_STATE"):
        Journal(folder)


def test_rasa_takes_it_from_endpoints(tmp_path: Path) -> None:
    endpoint = EndpointConfig(
        type="bot.components.store.LiveTrackerStore", folder=str(tmp_path), url=None
    )
    made = TrackerStore.create(endpoint, DOMAIN)
    assert isinstance(made, LiveTrackerStore)
    assert check_if_tracker_store_async(made)
