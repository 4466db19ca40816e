"""``grapevine kb``: what each verb prints, writes and returns."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.web.cli.conftest import Verb


@pytest.fixture
def kb(run_kb: Verb) -> Verb:
    """The verbs, on a base of two entries."""
    done = run_kb(
        "add", "--question", "How do I reset my router?", "--answer", "Hold the button.",
        "--alternative", "router reset", "--alternative", "factory reset", "--topic", "router",
        "--id", "reset", "--author", "kim",
    )  # fmt: skip
    assert (done.code, done.out) == (0, "reset: added as draft\n")
    done = run_kb(
        "add", "--question", "怎么重置路由器？", "--answer", "按住按钮。", "--publish",
        "--translation-of", "reset", "--valid-to", "2090-01-31",
    )  # fmt: skip
    assert (done.code, done.err) == (0, "")
    return run_kb


def test_show_and_list_tell_what_is_there(kb: Verb) -> None:
    entry = kb("show", "reset", "--json").json
    assert entry["alternatives"] == ["router reset", "factory reset"]
    assert (entry["lang"], entry["status"], entry["author"]) == ("en", "draft", "kim")
    chinese = kb("show", "怎么重置路由器", "--json").json
    assert (chinese["lang"], chinese["translation_of"]) == ("zh", "reset")
    assert chinese["valid_to"] == "2090-02-01T00:00:00+00:00"
    shown = kb("show", "reset").out
    assert "factory reset" in shown
    assert "Hold the button." in shown
    listed = kb("list", "--text", "BUTTON")
    assert "reset" in listed.out
    assert "1-1 of 1" in listed.out
    assert [one["id"] for one in kb("list", "--lang", "zh", "--json").json["entries"]] == [
        "怎么重置路由器"
    ]
    assert kb("list", "--status", "disabled", "--json").json["total"] == 0


def test_edits_publishing_and_undo(kb: Verb) -> None:
    assert kb("edit", "reset", "--answer", "Ten seconds.", "--topic", "").code == 0
    assert kb("publish", "reset", "--author", "lee").out == "reset: published, revision 3\n"
    assert kb("disable", "reset").out == "reset: disabled, revision 4\n"
    assert kb("draft", "reset").code == 0
    past = kb("history", "reset", "--json").json
    assert [one["revision"] for one in past] == [5, 4, 3, 2, 1]
    assert [one["author"] for one in past] == ["cli", "cli", "lee", "cli", "kim"]
    assert (past[3]["answer"], past[3]["topic"]) == ("Ten seconds.", None)
    assert "Ten seconds." in kb("history", "reset").out
    assert "Hold the button." in kb("show", "reset", "--revision", "1").out
    assert kb("restore", "reset", "1").out == "reset: now at revision 6, draft\n"
    assert kb("show", "reset", "--json").json["answer"] == "Hold the button."
    assert "kb restore reset" in kb("delete", "reset").out
    assert kb("list", "--deleted", "--json").json["total"] == 1
    assert kb("restore", "reset").code == 0
    assert kb("stats", "--json").json == {
        "status": {"draft": 1, "published": 1},
        "lang": {"en": 1, "zh": 1},
        "topic": {"": 1, "router": 1},
        "deleted": {"deleted": 0},
        "last_change": 9,
    }
    assert "last change: 9" in kb("stats").out


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["show", "nope"], 1, "error: no entry 'nope'\n"),
        (["show", "reset", "--revision", "7"], 1, "no revision 7; it has 1 to 1"),
        (["publish", "nope"], 1, "no entry 'nope'"),
        (["restore", "reset", "9"], 1, "no revision 9"),
        (["edit", "reset"], 2, "nothing to change"),
        (["edit", "reset", "--answer", " "], 1, "answer: it is empty; write something"),
        (["edit", "reset", "--answer", "x", "--base-revision", "4"], 1, "at revision 1, not 4"),
        (["edit", "reset", "--valid-to", "soon"], 2, "--valid-to: 'soon' is not a time"),
        (["add", "--question", "Q?", "--answer", "A.", "--id", "reset"], 1, "'reset' is taken"),
        (["list", "--lang", "fr"], 2, "--lang"),
        (["import", "none.csv"], 1, "none.csv cannot be read: No such file"),
        (["export", "x.pdf"], 1, "name it .csv, .xlsx or .jsonl"),
        (["restore-backup", "none.zip", "--yes"], 1, "there is no file none.zip"),
    ],
)
def test_errors_are_one_sentence_on_stderr(
    kb: Verb, words: list[str], code: int, says: str
) -> None:
    done = kb(*words)
    assert done.code == code
    assert says in done.err
    assert done.out == ""
    assert "Traceback" not in done.err


def test_warnings_do_not_stop_an_edit(kb: Verb) -> None:
    done = kb("edit", "reset", "--translation-of", "elsewhere")
    assert done.code == 0
    assert "warning: translation_of names 'elsewhere', which does not exist" in done.err


@pytest.mark.parametrize("suffix", ["csv", "xlsx", "jsonl"])
def test_export_and_import(kb: Verb, tmp_path: Path, suffix: str) -> None:
    file = str(tmp_path / f"base.{suffix}")
    assert kb("export", file, "--json").json["entries"] == 2
    done = kb("import", file, "--json").json
    assert (sorted(done["unchanged"]), done["errors"]) == (["reset", "怎么重置路由器"], [])
    assert kb("export", file, "--lang", "zh", "--current").out.startswith(f"{file}: 1 entries")


def test_an_import_reports_rows_and_ends_with_three(kb: Verb, tmp_path: Path) -> None:
    file = tmp_path / "faq.csv"
    file.write_bytes(
        "id,question,answer\n网速,网速太慢怎么办？,重启。\nbad,,A.\n".encode("gb18030")
    )
    dry = kb("import", str(file), "--dry-run", "--publish")
    assert dry.code == 3
    assert "read as GB18030" in dry.out
    assert "1 created" in dry.out
    assert "nothing was written" in dry.out
    assert "error: row 3, column question: it is empty; write something" in dry.err
    assert kb("show", "网速").code == 1
    done = kb("import", str(file), "--publish", "--author", "lee", "--json")
    assert done.code == 3
    assert done.json["created"] == ["网速"]
    assert done.json["encoding"] == "GB18030"
    assert done.json["errors"][0]["row"] == 3
    shown = kb("show", "网速", "--json").json
    assert (shown["status"], shown["author"]) == ("published", "lee")


def test_backup_and_restore(kb: Verb, tmp_path: Path, data_dir: Path) -> None:
    file = str(tmp_path / "base.zip")
    assert kb("backup", file, "--json").json["entries"] == 2
    kb("edit", "reset", "--answer", "Gone wrong.")
    kb("add", "--question", "New?", "--answer", "New.")
    refused = kb("restore-backup", file, answer="n\n")
    assert refused.code == 1
    assert kb("show", "reset", "--json").json["answer"] == "Gone wrong."
    done = kb("restore-backup", file, answer="y\n")
    assert done.code == 0
    assert "1 updated, 1 unchanged, 1 deleted" in done.out
    assert kb("show", "reset", "--json").json["answer"] == "Hold the button."
    (safety,) = (data_dir / "backups").iterdir()
    assert str(safety) in done.out
    assert kb("restore-backup", str(safety), "--yes", "--json").json["updated"] == 2
    assert kb("show", "reset", "--json").json["answer"] == "Gone wrong."


def test_a_database_that_cannot_be_opened_is_named(
    run_kb: Verb, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GRAPEVINE_DATABASE_URL", f"sqlite:///{tmp_path}/no/such/folder.db")
    done = run_kb("list")
    assert done.code == 1
    assert "unable to open database file" in done.err
