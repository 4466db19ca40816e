"""Asking many questions along the full path and counting how it went.

Nouns: *query* and *dialogue* (what is asked and expected), *record* (what came back),
*outcome* (how the two compare) and *summary* (the figures over all records). The file formats are
JSON Schemas in ``schemas/``.
"""
