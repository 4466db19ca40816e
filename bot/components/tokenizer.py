"""Words of English and Chinese text, mixed text included."""

from __future__ import annotations

import logging
import re
from typing import Any

import jieba
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.tokenizers.tokenizer import Token, Tokenizer
from rasa.shared.nlu.training_data.message import Message

jieba.setLogLevel(logging.WARNING)

_RUN = re.compile(r"[\u3400-\u9fff]+|[^\W\u3400-\u9fff]+(?:['’\-@.][^\W\u3400-\u9fff]+)*")


def split(text: str) -> list[tuple[str, int]]:
    """The words of ``text`` with their offsets; runs of Chinese are segmented by jieba."""
    words: list[tuple[str, int]] = []
    for run in _RUN.finditer(text):
        if "\u3400" <= run[0][0] <= "\u9fff":
            words += [(word, run.start() + at) for word, at, _ in jieba.tokenize(run[0])]
        else:
            words.append((run[0], run.start()))
    return words


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=False)
class BilingualTokenizer(Tokenizer):  # type: ignore[misc]
    """Tokenizer for both languages; a text without any word becomes one token of its own."""

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(config)
        # Half a second and 75 MB: while the model is loaded, not while a visitor waits.
        jieba.initialize()

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {
            "intent_tokenization_flag": False,
            "intent_split_symbol": "_",
            "token_pattern": None,
            "prefix_separator_symbol": None,
        }

    def tokenize(self, message: Message, attribute: str) -> list[Token]:
        text = message.get(attribute)
        tokens = [Token(word, start) for word, start in split(text)]
        return tokens or ([Token(text, 0)] if text else [])
