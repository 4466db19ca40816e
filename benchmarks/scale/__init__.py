"""The index from 10,000 to 1,000,000 entries: kinds, recall, latency, memory and edits.

Main nouns: :mod:`texts` (real texts, and bases made of them), :mod:`index` (vectors alone) and
:mod:`whole` (the retriever with its encoders).
"""
