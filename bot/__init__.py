"""The dialogue manager: a Rasa project with our own components.

Runs on Python 3.10 in a runtime of its own and is reached over loopback only. Its nouns:
*evidence* (what retrieval found, as numbers), the *cost matrix*, the *route* and the *directive*
that carries it back. :mod:`bot.routing` is pure and may be imported by the web runtime; nothing
else here may.
"""
