"""A reader of a few thousand weights, trained, stopped, exported and read back."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from retrieval.encoder import Ct2Encoder
from retrieval.models import ModelStore, registry
from retrieval.tokens import entry_reading, interact
from retrieval.training.worlds import Ask, World, read_world
from retrieval.types import Reading
from tests.retrieval.tiny import write_checkpoint

torch = pytest.importorskip("torch")
functional = torch.nn.functional
pytestmark = [pytest.mark.slow]

WORLD = (
    {"world": "en-tiny", "company": "Tiny", "lang": "en"},
    *(
        {
            "id": f"{verb}-{thing}",
            "question": f"how do i {verb} my {thing}",
            "alternatives": [f"{verb} the {thing}"],
            "answer": f"{verb} {thing}",
            "asks": {"terse": f"{verb} {thing}", "cross": "路由器"},
            "near": [f"the {thing} bill"],
        }
        for verb in ("reset", "restart", "cancel")
        for thing in ("router", "mobile", "fibre")
    ),
    {"far": ["my contract"]},
    {"ambiguous": [{"text": "router", "either": ["reset-router", "restart-router"]}]},
    {"double": [{"text": "reset router cancel mobile", "both": ["reset-router", "cancel-mobile"]}]},
    {
        "dialogues": [
            [
                {"user": "how to reset my router", "expect": "reset-router"},
                {"user": "and the mobile", "expect": "reset-mobile"},
            ]
        ]
    },
)


@pytest.fixture
def world(tmp_path: Path) -> World:
    path = tmp_path / "en-tiny.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in WORLD), encoding="utf-8")
    return read_world(path)


@pytest.fixture
def start(tmp_path: Path) -> Callable[[], Any]:
    """Makes the same untrained start again and again."""
    from transformers import BertConfig, BertModel

    from retrieval.models.tensors import read_safetensors
    from retrieval.training.starting import Start

    write_checkpoint(tmp_path / "raw")

    def made() -> Start:
        raw = tmp_path / "raw"
        bert = BertModel(BertConfig.from_json_file(str(raw / "config.json")), False)
        weights = read_safetensors(raw / "model.safetensors")
        bert.load_state_dict(
            {n: torch.tensor(weights[n]) for n in bert.state_dict() if n in weights}, strict=False
        )
        return Start(bert, (raw / "tokenizer.json").read_text(encoding="utf-8"), 0)

    return made


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Any, Any], Ct2Encoder]:
    """Exports a reader and opens it as the product does."""
    from retrieval.training.export import export

    def opened(reader: Any, begun: Any) -> Ct2Encoder:
        shipped = tmp_path / "shipped"
        export(reader, begun, "tiny-reader", ("en",), "Apache-2.0", shipped)
        monkeypatch.setattr(registry, "SHIPPED", shipped)
        monkeypatch.setattr("retrieval.models.sources.SHIPPED", shipped)
        spec = registry._shipped(shipped / "tiny-reader")
        monkeypatch.setitem(registry.MODELS, spec.name, spec)
        encoder = Ct2Encoder("tiny-reader", ModelStore(tmp_path / "cache"))
        encoder.load()
        return encoder

    return opened


def course(reader: Any, world: World, folder: Path, losses: list[float], stop: int = 0) -> Any:
    from retrieval.training.course import Course, Schedule

    def report(phase: str, number: int, step: int, steps: int, loss: float) -> None:
        losses.append(loss)
        if len(losses) == stop:
            raise KeyboardInterrupt

    schedule = Schedule(embedding=2, interaction=4, rate=1e-3)
    return Course(
        reader, [world], lambda w: list(w.asks), schedule, folder / "tiny.checkpoint", report
    )


def test_losses_fall_and_an_export_reads_as_the_reader_does(
    start: Callable[[], Any],
    world: World,
    tmp_path: Path,
    served: Callable[[Any, Any], Ct2Encoder],
) -> None:
    from retrieval.training import objectives
    from retrieval.training.reader import Reader

    begun = start()
    reader, losses = Reader(begun), list[float]()
    before = float(objectives.interaction_loss(reader, world.entries, world.asks).detach())
    course(reader, world, tmp_path, losses).run()
    reader.eval()
    with torch.no_grad():
        after = float(objectives.interaction_loss(reader, world.entries, world.asks))
    assert len(losses) == 6
    assert after < before
    encoder = served(reader, begun)
    texts = [ask.text for ask in world.asks if ask.kind == "terse"]
    with torch.no_grad():
        read = reader.read(texts)
        weights = [functional.softplus(reader.message(h)[:, 0]) for h in read.hidden]
    # So few and so wild weights lose more to eight bits than a real model's do.
    for row, reading in enumerate(encoder.read(texts)):
        assert float(reading.vector @ read.vectors[row].numpy()) > 0.95
        wanted = float(reader.none(read.vectors[row]).detach())
        assert reading.none == pytest.approx(wanted, rel=0.05)
        shares = (weights[row] / weights[row].sum()).numpy()
        np.testing.assert_allclose(reading.weights, shares, atol=0.05)


def test_a_turn_is_read_behind_what_was_said(
    start: Callable[[], Any], served: Callable[[Any, Any], Ct2Encoder]
) -> None:
    from retrieval.training.reader import Reader

    begun = start()
    reader = Reader(begun).eval()
    encoder = served(reader, begun)
    assert encoder.reads_context
    said = ("how do i reset my router", "cancel my contract")
    asks = [Ask("the bill", (), "turn", "en", said), Ask("the bill", (), "turn", "en")]
    with torch.no_grad():
        read = reader.read_asks(asks)
    readings = encoder.read([a.text for a in asks], before=[a.history for a in asks])
    assert len(readings[0].tokens) == 2 + 6 + 1 + 3 + 1
    for row, reading in enumerate(readings):
        assert float(reading.vector @ read.vectors[row].numpy()) > 0.95
        assert len(reading.tokens) == len(read.hidden[row])
    assert float(read.vectors[0] @ read.vectors[1]) < 0.999


def test_conversations_are_questions_with_a_history(tmp_path: Path) -> None:
    turns = [{"user": "a?", "expect": "one"}, {"user": "and b?", "expect": None}]
    rows = [
        {"world": "en-x", "company": "X", "lang": "en"},
        {"id": "one", "question": "A?", "answer": "Yes.", "asks": {}, "near": []},
        {"dialogues": [turns]},
    ]
    path = tmp_path / "en-x.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert read_world(path).asks == (
        Ask("a?", ("one",), "turn", "en"),
        Ask("and b?", (), "turn", "en", ("a?",)),
    )


def test_some_questions_follow_another_topic(
    start: Callable[[], Any], world: World, tmp_path: Path
) -> None:
    from retrieval.training.reader import Reader

    made = course(Reader(start()), world, tmp_path, [])
    terse = [ask for ask in world.asks if ask.kind == "terse"]
    asks = [ask for _ in range(40) for ask in made._after_others(terse)]
    changed = [ask for ask in asks if ask.history]
    assert 0.02 < len(changed) / len(asks) < 0.3
    gold = {ask.text: set(ask.gold) for ask in terse}
    assert all(not gold[a.text] & gold[a.history[-1]] for a in changed)
    assert all(set(a.gold) == gold[a.text] for a in changed)


def test_what_is_learnt_is_what_is_served(start: Callable[[], Any], world: World) -> None:
    from retrieval.training import objectives
    from retrieval.training.reader import Read, Reader

    torch.manual_seed(2)
    reader = Reader(start())
    torch.nn.init.normal_(reader.message.weight)
    torch.nn.init.normal_(reader.entry.weight)

    def readings(read: Read, head: Any) -> list[Reading]:
        made = []
        for vector, states in zip(read.vectors, read.hidden, strict=True):
            tokens = functional.normalize(reader.projection(states), dim=-1)
            weights = functional.softplus(head(states)[:, 0])
            made.append(Reading(vector.numpy(), tokens.numpy(), (weights / weights.sum()).numpy()))
        return made

    with torch.no_grad():
        read = reader.read([ask.text for ask in world.asks])
        base = objectives.Base(reader, world.entries)
        met, unmet, asked = objectives._interact(reader, base, read)
        phrasings = readings(base.phrasings, reader.entry)
        wholes = readings(base.wholes, reader.entry)
        messages = readings(read, reader.message)
    entries = [
        entry_reading(phrasings[2 * n : 2 * n + 2], wholes[n]).tokens
        for n in range(len(world.entries))
    ]
    found = np.stack([interact(message, entries) for message in messages])
    for column, learnt in enumerate((met, asked, unmet)):
        np.testing.assert_allclose(found[:, :, column], learnt.numpy(), atol=0.02)


def test_a_course_that_was_stopped_takes_the_same_steps(
    start: Callable[[], Any], world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from retrieval.training.reader import Reader

    monkeypatch.setattr("retrieval.training.course._SAVE_EVERY_S", 0.0)
    torch.manual_seed(5)
    whole: list[float] = []
    (tmp_path / "one").mkdir()
    course(Reader(start()), world, tmp_path / "one", whole).run()
    torch.manual_seed(5)
    parts: list[float] = []
    (tmp_path / "two").mkdir()
    with pytest.raises(KeyboardInterrupt):
        course(Reader(start()), world, tmp_path / "two", parts, stop=4).run()
    course(Reader(start()), world, tmp_path / "two", parts).run()
    # The step during which it was stopped is taken again.
    again = parts[:3] + parts[4:]
    np.testing.assert_allclose(again, whole, rtol=1e-4)


def test_a_world_of_the_other_language_is_passed_over(
    start: Callable[[], Any], world: World, tmp_path: Path
) -> None:
    from retrieval.training.__main__ import _english, _not_english
    from retrieval.training.course import Course, Schedule
    from retrieval.training.reader import Reader

    chinese = replace(
        world, lang="zh", asks=tuple(replace(a, lang="zh") for a in world.asks if a.kind != "cross")
    )
    assert {a.lang for a in _english(world)} == {"en"}
    assert not _english(chinese)
    assert len(_not_english(chinese)) == len(chinese.asks)
    steps: list[int] = []
    Course(
        Reader(start()), [world, chinese], _english, Schedule(1, 1, 1e-3), tmp_path / "one.part",
        lambda phase, number, step, total, loss: steps.append(total),
    ).run()  # fmt: skip
    assert steps == [1, 1]


def test_a_student_comes_nearer_to_its_teacher(start: Callable[[], Any], world: World) -> None:
    from retrieval.training.distil import distil
    from retrieval.training.reader import Reader

    torch.manual_seed(1)
    teacher, student = Reader(start()), Reader(start())
    with torch.no_grad():
        for parameter in student.bert.encoder.parameters():
            parameter.mul_(0.8)
    texts = [t for e in world.entries for t in (e.question, *e.alternatives)] * 40
    texts.append("\u200b")
    assert student.ids(texts[-1]) == []

    def apart() -> float:
        with torch.no_grad():
            mine = student.read(texts[:18]).vectors
            prefix = student.ids("query:")
            theirs = teacher.read_ids([[*prefix, *student.ids(t)] for t in texts[:18]]).vectors
        return float((1 - (mine * theirs).sum(-1)).mean())

    before = apart()
    done: list[int] = []
    distil(teacher, student, texts, 1, lambda step, steps: done.append(step))
    assert apart() < before
    assert done == list(range(1, len(done) + 1))


def test_a_start_is_kept_with_its_vocabulary(start: Callable[[], Any], tmp_path: Path) -> None:
    from retrieval.training import starting
    from retrieval.training.reader import Reader

    made = start()
    starting.keep(made, tmp_path / "multi.start")
    again = starting.kept(tmp_path / "multi.start")
    assert (again.tokenizer, again.pad) == (made.tokenizer, made.pad)
    text = ["reset my router"]
    assert torch.equal(Reader(again).read(text).vectors, Reader(made).read(text).vectors)
    assert not list(tmp_path.glob("*.part"))


def test_progress_is_told_in_a_log_too() -> None:
    from io import StringIO

    from rich.console import Console

    from retrieval.training.progress import progress

    log = StringIO()
    with progress(Console(file=log, force_terminal=False), every=3600) as tell:
        for step in (1, 2, 3):
            tell("distilling", step, 3)
    assert log.getvalue().splitlines() == ["distilling: 1 of 3", "distilling: 3 of 3"]
    seen = StringIO()
    with progress(Console(file=seen, force_terminal=True)) as tell:
        tell("distilling", 3, 3)
    assert "distilling" in seen.getvalue()
    assert "100%" in seen.getvalue()


def test_label_sets_become_worlds(tmp_path: Path) -> None:
    from retrieval.training.labels import label_worlds

    for name, header in (
        ("banking77/train.csv", "text,category"),
        *(
            (f"hint3/{bot}_train.csv", "sentence,label")
            for bot in ("curekart", "powerplay11", "sofmattress")
        ),
    ):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        rows = [f"question {n} of {label},{label}" for label in ("a", "b") for n in range(6)]
        path.write_text("\n".join([header, *rows, "rare,c"]), encoding="utf-8")
    clinc = {"train": [[f"asked {n} of {label}", label] for label in "xyz" for n in range(9)]}
    (tmp_path / "clinc150").mkdir()
    (tmp_path / "clinc150" / "train_val.json").write_text(json.dumps(clinc), encoding="utf-8")
    made = list(label_worlds(tmp_path, 12, 3))
    assert len(made) == 12
    for world in made:
        assert {entry.id for entry in world.entries} <= set("abxyz")
        shown = {t for e in world.entries for t in (e.question, *e.alternatives)}
        assert world.asks
        assert not shown & {ask.text for ask in world.asks}
        assert all(ask.text.endswith(ask.gold[0]) for ask in world.asks)


def test_a_world_says_which_line_is_wrong(tmp_path: Path) -> None:
    from retrieval.errors import RetrievalError

    path = tmp_path / "broken.jsonl"
    path.write_text('{"world": "w", "company": "c", "lang": "en"}\n{"id": \n', encoding="utf-8")
    with pytest.raises(RetrievalError, match="line 2"):
        read_world(path)


def test_a_trimmed_vocabulary_spells_what_it_keeps_as_before(tmp_path: Path) -> None:
    from tokenizers import Tokenizer

    from retrieval.training import vocabulary

    pieces = [
        *("<s>", "<pad>", "</s>", "<unk>", "▁", "▁how", "▁reset", "▁router", "路", "由", "路由"),
        *("▁zzz", "o", "k"),
    ]
    tokenizer = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {"id": n, "content": p, "special": True, "single_word": False, "lstrip": False,
             "rstrip": False, "normalized": False}
            for n, p in enumerate(pieces[:4])
        ],
        "normalizer": None,
        "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "add_prefix_space": True},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [
                {"SpecialToken": {"id": "<s>", "type_id": 0}},
                {"Sequence": {"id": "A", "type_id": 0}},
                {"SpecialToken": {"id": "</s>", "type_id": 0}},
            ],
            "pair": [
                {"Sequence": {"id": "A", "type_id": 0}},
                {"Sequence": {"id": "B", "type_id": 0}},
            ],
            "special_tokens": {
                "<s>": {"id": "<s>", "ids": [0], "tokens": ["<s>"]},
                "</s>": {"id": "</s>", "ids": [2], "tokens": ["</s>"]},
            },
        },
        "decoder": None,
        "model": {
            "type": "Unigram",
            "unk_id": 3,
            "vocab": [[piece, -float(n)] for n, piece in enumerate(pieces)],
        },
    }  # fmt: skip
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps(tokenizer), encoding="utf-8")
    texts = ["how reset router", "how reset 路由"] * 2
    kept = vocabulary.choose(path, ["how", "reset"], texts)
    small = vocabulary.trimmed(path, kept)
    assert pieces.index("▁zzz") not in kept
    before, after = Tokenizer.from_file(str(path)), Tokenizer.from_str(json.dumps(small))
    for text in texts:
        assert before.encode(text).tokens == after.encode(text).tokens
        assert [kept[i] for i in after.encode(text).ids] == before.encode(text).ids
