"""The script as served: small, whole, without markup from data, without foreign addresses."""

from __future__ import annotations

import gzip
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from web.settings import PROJECT_ROOT
from web.widget import build, widget_router
from web.widget.bundle import CORE, SOURCE_DIR, STYLES, UI

SIZE_LIMIT = 30_000

SOURCES = sorted(SOURCE_DIR.rglob("*.js"))


@pytest.fixture
def client() -> TestClient:
    app = FastAPI()
    app.include_router(widget_router())
    return TestClient(app)


def test_below_thirty_kilobytes_on_the_wire() -> None:
    bundle = build()
    assert len(bundle.gzipped) < SIZE_LIMIT
    assert gzip.decompress(bundle.gzipped) == bundle.script


def test_every_source_is_in_the_bundle() -> None:
    named = {f"core/{name}.js" for name in CORE} | {f"ui/{name}.js" for name in UI}
    found = {path.relative_to(SOURCE_DIR).as_posix() for path in SOURCES}
    assert found == named | {"session.js", "element.js"}
    assert {path.stem for path in (SOURCE_DIR / "styles").glob("*.css")} == set(STYLES)


def test_a_classic_script_that_parses(tmp_path: Path) -> None:
    script = tmp_path / "widget.js"
    script.write_bytes(build().script)
    node = shutil.which("node")
    assert node
    subprocess.run([node, "--check", str(script)], check=True, capture_output=True)
    assert not re.search(rb"^\s*(?:import|export)\b", build().script, re.MULTILINE)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_no_markup_from_data_and_nothing_that_a_strict_policy_forbids(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    forbidden = (
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|\.cssText"
    )
    assert not re.search(forbidden, source)
    assert not re.search(r"\bstyle\s*:|setAttribute\(\"style\"", source)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_no_text_runs_over_lines(path: Path) -> None:
    """The bundle takes comments and indentation away line by line; a text must not hold any."""
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.lstrip().startswith(("*", "/*", "//")):
            assert line.count("`") % 2 == 0, line


def test_nothing_comes_from_elsewhere() -> None:
    addresses = set(re.findall(rb"https?://[^\s\"'`)]+", build().script))
    assert addresses <= {b"http://www.w3.org/2000/svg"}


def test_served_compressed_and_revalidated(client: TestClient) -> None:
    answer = client.get("/widget.js", headers={"Accept-Encoding": "gzip"})
    assert answer.content == build().script
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["access-control-allow-origin"] == "*"
    again = client.get("/widget.js", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""


def test_served_plain_where_gzip_is_not_taken(client: TestClient) -> None:
    answer = client.get("/widget.js", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in answer.headers
    assert answer.content == build().script


def test_every_attribute_and_event_is_documented() -> None:
    element = (SOURCE_DIR / "element.js").read_text(encoding="utf-8")
    listed = re.search(r"const ATTRIBUTES = \[(.*?)\]", element, re.DOTALL)
    assert listed
    attributes = re.findall(r'"([a-z-]+)"', listed.group(1))
    events = re.findall(r'"(grapevine-(?:open|close|theme))"', element)
    assert len(attributes) == 9
    assert len(set(events)) == 3
    page = (PROJECT_ROOT / "docs/integrators/widget.md").read_text(encoding="utf-8")
    for name in (*attributes, *events):
        assert f"`{name}`" in page, name
