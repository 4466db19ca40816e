"""What is used once before "ready"."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.web.gateway_world import WordRetriever
from web.warming import warm


class Asked(WordRetriever):
    def __init__(self) -> None:
        super().__init__()
        self.questions: list[str] = []

    def search(self, text, **options):  # type: ignore[no-untyped-def]
        self.questions.append(text)
        return super().search(text, **options)


@pytest.mark.parametrize(("composed", "dictionary"), [("", False), ("en", False), ("en,zh", True)])
def test_chinese_tables_are_loaded_where_chinese_is_composed(
    composed: str, dictionary: bool
) -> None:
    code = (
        "import sys\n"
        "from tests.web.test_warming import Asked\n"
        "from web.warming import warm\n"
        f"warm(Asked(), {composed.split(',')!r})\n"
        "print('jieba' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.split()[-1] == str(dictionary)


def test_both_languages_are_searched() -> None:
    retriever = Asked()
    warm(retriever, ())
    assert len(retriever.questions) == 2
    assert any("\u4e00" <= letter <= "\u9fff" for letter in retriever.questions[1])
