"""The question-and-answer base and its history.

Nouns: *entry* (a pair with its language, alternatives and validity), *revision* (an entry at one
time, by one author), *store* (the database behind them) and *transfer* (import and export).
May import :mod:`retrieval`.
"""
