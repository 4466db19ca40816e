"""Files as people really save them, and what is said about what is wrong with them."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from knowledge.errors import ExportRefused, ImportRefused
from knowledge.store import KnowledgeStore
from knowledge.transfer import Limits, export_file, import_file
from knowledge.types import EntryContent, EvidenceLink
from tests.knowledge.conftest import Clock

NewStore = Callable[[], KnowledgeStore]
ROWS = (
    ("id", "question", "answer", "alternatives"),
    ("router-reset", "怎么重置路由器？", "按住按钮十秒，等灯变绿。", '["重置路由器", "恢复出厂"]'),
    ("bill", "账单在哪里看？", "在“我的账单”里，每月 1 日更新；\n可下载 PDF。", ""),
)  # fmt: skip


@pytest.fixture
def kb(new_store: NewStore) -> KnowledgeStore:
    return new_store()


def csv_text(rows: tuple[tuple[str, ...], ...], delimiter: str = ",", end: str = "\r\n") -> str:
    quoted = ('"' + cell.replace('"', '""') + '"' for row in rows for cell in row)
    cells = list(quoted)
    width = len(rows[0])
    lines = (cells[start : start + width] for start in range(0, len(cells), width))
    return "".join(delimiter.join(line) + end for line in lines)


@pytest.mark.parametrize(
    ("codec", "label"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8 with BOM"),
        ("utf-16", "UTF-16"),
        ("gb2312", "GB18030"),
        ("gb18030", "GB18030"),
    ],
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_what_excel_saves_is_read(
    kb: KnowledgeStore, tmp_path: Path, codec: str, label: str, delimiter: str, end: str
) -> None:
    path = tmp_path / "faq.csv"
    path.write_bytes(csv_text(ROWS, delimiter, end).encode(codec))
    report = import_file(kb, path, author="kim", status="published")
    assert not report.issues
    assert (report.encoding, report.rows) == (label, 2)
    assert report.delimiter == {",": "comma", ";": "semicolon", "\t": "tab"}[delimiter]
    entry = kb.get("router-reset")
    assert entry.lang == "zh"
    assert entry.status == "published"
    assert entry.answer == "按住按钮十秒，等灯变绿。"
    assert entry.alternatives == ("重置路由器", "恢复出厂")
    assert kb.get("bill").answer.endswith("；\n可下载 PDF。")


def test_old_mac_line_ends_and_excels_sep_line(kb: KnowledgeStore, tmp_path: Path) -> None:
    path = tmp_path / "faq.csv"
    path.write_bytes(("sep=;\r" + csv_text(ROWS, ";", "\r")).encode("utf-8-sig"))
    report = import_file(kb, path, author="kim")
    assert report.created == ["router-reset", "bill"]
    assert report.delimiter == "semicolon"


def test_an_export_saved_again_by_excel_in_gb2312_changes_nothing(
    kb: KnowledgeStore, tmp_path: Path
) -> None:
    kb.create(
        EntryContent(
            "zh", "怎么付账单?", "=打开 App，“支付” -> '好'。", ("交话费",), "账单", "published",
            evidence=(EvidenceLink("post", "p1", None, "常问"),),
        ),
        author="kim",
        entry_id="bill",
    )  # fmt: skip
    path = tmp_path / "kb.csv"
    export_file(kb, path)
    path.write_bytes(path.read_bytes().decode("utf-8-sig").encode("gb2312"))
    report = import_file(kb, path, author="lee")
    assert (report.unchanged, report.issues) == (["bill"], [])


def test_bad_bytes_are_reported_by_row_and_good_rows_kept(
    kb: KnowledgeStore, tmp_path: Path
) -> None:
    path = tmp_path / "mixed.csv"
    good = [f"q{n},问题{n}？,回答。\r\n".encode() for n in range(6)]
    bad = "q9,坏的？,回答。\r\n".encode("gb18030")
    path.write_bytes(b"id,question,answer\r\n" + b"".join([*good[:3], bad, *good[3:]]))
    report = import_file(kb, path, author="kim")
    assert report.encoding == "UTF-8"
    assert "the others are reported" in (report.encoding_reason or "")
    assert len(report.created) == 6
    assert {issue.row for issue in report.errors} == {5}
    assert report.errors[0].column == "question"
    assert "is not UTF-8" in report.errors[0].what


def test_bad_bytes_in_gb18030_are_reported_by_row(kb: KnowledgeStore, tmp_path: Path) -> None:
    path = tmp_path / "mixed.csv"
    rows = [f"q{n},怎么查询账单{n}？,在这里查询。\r\n".encode("gb18030") for n in range(12)]
    rows[4] = b"q4,\xff\xff,x\r\n"
    path.write_bytes(b"id,question,answer\r\n" + b"".join(rows))
    report = import_file(kb, path, author="kim")
    assert report.encoding == "GB18030"
    assert [(issue.row, issue.what) for issue in report.errors] == [(6, "byte 0xFF is not GB18030")]
    assert len(report.created) == 11


def test_western_windows_text_is_a_guess_and_says_so(kb: KnowledgeStore, tmp_path: Path) -> None:
    path = tmp_path / "cafe.csv"
    text = "id,question,answer\r\n" + "".join(
        f'c{n},Où est le café numéro {n}?,"Près de l\'hôtel, à côté du marché."\r\n'
        for n in range(9)
    )
    path.write_bytes(text.encode("cp1252"))
    report = import_file(kb, path, author="kim")
    assert "guess" in (report.encoding_reason or "")
    assert kb.get("c1").question == "Où est le café numéro 1?"
    named = import_file(kb, path, author="kim", encoding="cp1252")
    assert named.encoding_reason == "as asked for"
    assert len(named.unchanged) == 9


def test_every_bad_row_is_named_with_its_remedy(kb: KnowledgeStore, tmp_path: Path) -> None:
    path = tmp_path / "faq.csv"
    path.write_text(
        "id,question,answer,alternatives,valid_from,lang,translation_of,Colour\n"
        'a,Q1?,A.,"[""x""]",2026-01-05,en,,red\n'
        "b,,A.,,,,,\n"
        "c,Q3?,A.,[broken,,,,\n"
        "d,Q4?,A.,,tomorrow,,,\n"
        "e,Q5?,A.,,,fr,,\n"
        "f,Q6?,A.,,,,f,\n"
        "g,Q7?,A,B,,,,,,too,many\n"
        "a,Q8?,A.,,,,,\n"
        "h,q1,A.,,,,,\n"
        ",Q1 ?,A.,,,,,\n"
        "i,Q9?,A.,,,,nowhere,\n"
        "\n"
        'j,"Q10?" x,A.,,,,,\n'
        "k,Q11?,A.,one\\n,,,,\n",
        encoding="utf-8",
    )
    report = import_file(kb, path, author="kim")
    assert report.created == ["a", "h", "i", "k"]
    told = {(issue.row, issue.column, issue.what) for issue in report.errors}
    assert told == {
        (3, "question", "it is empty"),
        (4, "alternatives", "it is not valid JSON"),
        (5, "valid_from", "'tomorrow' is not a time"),
        (6, "lang", "'fr' is not known"),
        (7, "translation_of", "the entry names itself"),
        (8, None, "it has 11 cells, the header 8"),
        (9, "id", "the id 'a' stands in row 2 already"),
        (14, None, "the quotes or the length of a cell are wrong (',' expected after '\"')"),
    }
    assert all(issue.remedy for issue in report.issues)
    assert [(issue.row, issue.column) for issue in report.warnings] == [
        (10, "question"), (11, "question"), (12, "translation_of"),
    ]  # fmt: skip
    assert report.skipped == 1
    assert report.notes == ["columns that are not known were left out: 'Colour'"]


def test_a_dry_run_says_the_same_and_writes_nothing(kb: KnowledgeStore, tmp_path: Path) -> None:
    kb.create(EntryContent("en", "Q?", "A."), author="kim", entry_id="old")
    path = tmp_path / "faq.csv"
    path.write_text("id,question,answer\nold,Q?,B.\nnew,N?,A.\n,,\nbad,,A.\n", encoding="utf-8")
    seq = kb.last_change()
    dry = import_file(kb, path, author="kim", dry_run=True)
    assert (kb.last_change(), kb.list().total) == (seq, 1)
    real = import_file(kb, path, author="kim")
    assert (dry.created, dry.updated, dry.issues) == (real.created, real.updated, real.issues)
    assert kb.get("old").answer == "B."


def test_columns_that_are_absent_leave_their_fields_alone(
    kb: KnowledgeStore, tmp_path: Path
) -> None:
    full = EntryContent("zh", "Q?", "A.", ("alt",), "t", "published")
    kb.create(full, author="kim", entry_id="x")
    path = tmp_path / "faq.csv"
    path.write_text("编号,答案\nx,B.\n", encoding="utf-8")
    assert import_file(kb, path, author="lee").updated == ["x"]
    entry = kb.get("x")
    assert (entry.answer, entry.question, entry.alternatives) == ("B.", "Q?", ("alt",))
    assert (entry.lang, entry.topic, entry.status, entry.author) == ("zh", "t", "published", "lee")


def test_an_export_does_not_overwrite_what_changed_since(
    kb: KnowledgeStore, tmp_path: Path, clock: Clock
) -> None:
    kb.create(EntryContent("en", "Q?", "A."), author="kim", entry_id="x")
    for name in ("base.csv", "base.xlsx", "base.jsonl"):
        export_file(kb, tmp_path / name)
    kb.edit("x", author="lee", answer="newer")
    for name in ("base.csv", "base.xlsx"):
        report = import_file(kb, tmp_path / name, author="kim")
        assert [issue.column for issue in report.errors] == ["id"]
        assert "the base changed this entry since" in report.errors[0].what
    assert import_file(kb, tmp_path / "base.jsonl", author="kim").errors
    assert kb.get("x").answer == "newer"
    skipped = import_file(kb, tmp_path / "base.csv", author="kim", on_existing="skip")
    assert (skipped.skipped, skipped.errors) == (1, [])
    assert import_file(kb, tmp_path / "base.csv", author="k", on_existing="overwrite").updated == [
        "x"
    ]
    assert (kb.get("x").answer, kb.get("x").revision) == ("A.", 3)


def test_a_longer_history_continues_the_bases_own(
    new_store: NewStore, tmp_path: Path, clock: Clock
) -> None:
    here, there = new_store(), new_store()
    here.create(EntryContent("en", "Q?", "A."), author="kim", entry_id="x")
    path = tmp_path / "base.jsonl"
    export_file(here, path)
    import_file(there, path, author="ops")
    here.edit("x", author="kim", answer="B.")
    export_file(here, path)
    assert import_file(there, path, author="ops").updated == ["x"]
    assert there.history("x") == here.history("x")


def test_evaluation_lines_come_in_published_with_their_language_told_by_script(
    kb: KnowledgeStore, tmp_path: Path
) -> None:
    path = tmp_path / "kb.jsonl"
    lines = [
        {"id": "Refund_not_showing_up?", "question": "Where is my refund?", "answer": "Soon.",
         "alternatives": ["no refund yet"], "topic": "refunds", "mood": "sad"},
        {"id": "zh-1", "question": "退款在哪里？", "answer": "很快。",
         "translation_of": "Refund_not_showing_up?"},
        {"id": "p", "question": "PIN码？", "answer": "A.", "lang": "en"},
    ]  # fmt: skip
    text = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines)
    path.write_text(text + "\nnot json\n[1]\n" + '{"id": 5, "question": "x", "answer": "y"}\n',
                    encoding="utf-8")  # fmt: skip
    report = import_file(kb, path, author="eval", status="published")
    assert report.created == ["Refund_not_showing_up?", "zh-1", "p"]
    assert {entry.id: entry.lang for entry in kb.published()} == {
        "Refund_not_showing_up?": "en", "zh-1": "zh", "p": "en",
    }  # fmt: skip
    assert [issue.row for issue in report.errors] == [4, 5, 6]
    assert report.notes == ["keys that are not known were left out: 'mood'"]


def test_a_history_that_was_tampered_with_is_refused(kb: KnowledgeStore, tmp_path: Path) -> None:
    kb.create(EntryContent("en", "Q?", "A."), author="kim", entry_id="x")
    path = tmp_path / "base.jsonl"
    export_file(kb, path)
    line = json.loads(path.read_text(encoding="utf-8"))
    bad: list[object] = []
    for change in ({"revision": 2}, {"answer": ""}, {"action": "conjure"}, {"at": None},
                   {"lang": ["en"]}, {"evidence": "none"}):  # fmt: skip
        bad.append({"id": "y", "revisions": [line["revisions"][0] | change]})
    bad += [{"id": "y", "revisions": []}, {"id": "y", "revisions": [{}]}, {"revisions": [1]}]
    path.write_text("\n".join(json.dumps(one) for one in bad), encoding="utf-8")
    report = import_file(kb, path, author="kim")
    assert [issue.row for issue in report.errors] == list(range(1, len(bad) + 1))
    assert kb.list().total == 1


def test_workbooks_of_people_with_numbers_dates_and_formulas(
    kb: KnowledgeStore, tmp_path: Path
) -> None:
    from datetime import datetime

    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["ID", "Question", "Answer", "Valid From", "Valid to"])
    sheet.append([1, "Q1?", 42.0, datetime(2026, 1, 5), datetime(2026, 1, 31)])
    sheet.append(["two", "Q2?", True, None, None])
    sheet.append(["three", "Q3?", "=1+1", None, None])
    sheet.append([None, None, None, None, None])
    sheet.append(["five", "Q5?", 0.5, None, None])
    book.create_sheet("Notes").append(["ignore me"])
    path = tmp_path / "faq.xlsx"
    book.save(path)
    report = import_file(kb, path, author="kim")
    assert report.created == ["1", "two", "five"]
    assert [(issue.row, issue.column, issue.what) for issue in report.errors] == [
        (4, "answer", "it holds a formula")
    ]
    one = kb.get("1")
    assert (one.answer, kb.get("two").answer, kb.get("five").answer) == ("42", "TRUE", "0.5")
    assert str(one.valid_from) == "2026-01-05 00:00:00+00:00"
    assert str(one.valid_to) == "2026-02-01 00:00:00+00:00"
    assert report.notes == ["only the first sheet was read ('Sheet')"]


@pytest.mark.parametrize("name", ["base.csv", "base.xlsx"])
def test_no_exported_cell_is_a_formula(kb: KnowledgeStore, tmp_path: Path, name: str) -> None:
    attacks = ['=HYPERLINK("http://x")', "+1", "-1", "@A1", "\t=1", " =1", "＝1"]
    for number, attack in enumerate(attacks):
        kb.create(EntryContent("en", attack, attack), author="kim", entry_id=f"={number}")
    path = tmp_path / name
    export_file(kb, path)
    if name.endswith("csv"):
        import csv

        with path.open(encoding="utf-8-sig", newline="") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
    else:
        rows = load_workbook(path).active
        assert rows is not None
        found = [cell for row in rows.iter_rows() for cell in row]
        assert all(cell.data_type in ("s", "n") for cell in found)
        assert all(cell.number_format == "@" for cell in found[12:] if cell.value)
        cells = [str(cell.value or "") for cell in found]
    assert sum(cell.startswith("'") for cell in cells) == 3 * len(attacks)
    assert not [cell for cell in cells if cell.strip().startswith(tuple("=+-@＝"))]


def test_what_is_no_table_is_refused_with_the_way_out(kb: KnowledgeStore, tmp_path: Path) -> None:
    def refused(name: str, data: bytes, says: str, limits: Limits | None = None) -> None:
        path = tmp_path / name
        path.write_bytes(data)
        with pytest.raises(ImportRefused, match=says):
            import_file(kb, path, author="kim", limits=limits)

    header = b"id,question,answer\n"
    refused("a.csv", b"", "the file is empty")
    refused("a.csv", b"one,two\n1,2\n", "it says one, two. Known columns: id, revision")
    refused("a.csv", b"question,answer,answer\n", "'?answer'? stands twice")
    refused("a.csv", b"a\x00b\x00", "zero bytes")
    refused("a.csv", b"PK\x03\x04....", "import it as xlsx")
    refused("a.xls.csv", b"\xd0\xcf\x11\xe0....", "old .xls workbook; save it as .xlsx")
    refused("a.xlsx", b"id,question", "is not an .xlsx workbook; import it as csv")
    refused("a.xlsx", b"PK\x03\x04 not a zip", "cannot be read.*save it again")
    refused("a.pdf", b"%PDF", "name it .csv, .xlsx or .jsonl")
    refused("a.csv", header + b"x,Q?,A.\n" * 3, "more than 2 rows", Limits(rows=2))
    refused("a.csv", header, "at most 10 are taken; split it", Limits(file_bytes=10))
    with pytest.raises(ImportRefused, match="No such file"):
        import_file(kb, tmp_path / "none.csv", author="kim")
    with pytest.raises(ImportRefused, match="'klingon' is not known"):
        import_file(kb, tmp_path / "a.csv", author="kim", encoding="klingon")
    assert kb.last_change() == 0


def test_a_workbook_that_unfolds_beyond_measure_is_refused(
    kb: KnowledgeStore, tmp_path: Path
) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 2_000_000)
    with pytest.raises(ImportRefused, match="unfolds to 2,000,000 bytes"):
        import_file(kb, path, author="kim", limits=Limits(unpacked_bytes=1_000_000))


def test_cells_too_long_for_excel_are_named(kb: KnowledgeStore, tmp_path: Path) -> None:
    many = tuple(f"{number} {'x' * 100}" for number in range(400))
    kb.create(EntryContent("en", "Q?", "A.", many), author="kim", entry_id="long")
    with pytest.raises(ExportRefused, match=r"'long': its alternatives take .* export as csv"):
        export_file(kb, tmp_path / "base.xlsx")
    assert not list(tmp_path.glob("*base.xlsx*"))
    export_file(kb, tmp_path / "base.csv")
    assert import_file(kb, tmp_path / "base.csv", author="kim").unchanged == ["long"]


def test_ids_are_made_once_and_never_collide(kb: KnowledgeStore, tmp_path: Path) -> None:
    kb.create(EntryContent("en", "!?", "A."), author="kim", entry_id="entry")
    path = tmp_path / "faq.csv"
    marks = ["#", "$", "%", "^"]
    rows = "".join(f",{mark},A.\n" for mark in marks)
    path.write_text(f"id,question,answer\n{rows}entry-3,Named,A.\n", encoding="utf-8")
    report = import_file(kb, path, author="kim")
    assert report.created == ["entry-2", "entry-4", "entry-5", "entry-6", "entry-3"]
    again = import_file(kb, path, author="kim")
    assert (again.created, again.skipped, again.unchanged) == ([], 4, ["entry-3"])


def test_progress_reaches_the_end_of_both_stages(kb: KnowledgeStore, tmp_path: Path) -> None:
    path = tmp_path / "faq.csv"
    rows = "".join(f"q{n},Q{n}?,A.\n" for n in range(1200))
    path.write_text(f"id,question,answer\n{rows}", encoding="utf-8")
    seen: dict[str, list[tuple[int, int]]] = {}
    import_file(
        kb, path, author="kim",
        progress=lambda stage, done, total: seen.setdefault(stage, []).append((done, total)),
    )  # fmt: skip
    size = path.stat().st_size
    assert seen["reading"][-1] == (size, size)
    assert seen["writing"] == [(500, 1200), (1000, 1200), (1200, 1200)]
