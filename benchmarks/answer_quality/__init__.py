"""How well questions find their answers on public sets, beside what a team would use instead.

``python -m benchmarks.answer_quality [--data DIR] [--test NAME=FILE …] [--json OUT]``. Main nouns:
a *set* (:mod:`.sets`) is cut into *trials* (:mod:`.trials`), each of them put to every *arm*
(:mod:`.arms`); :mod:`.scores` judges the *predictions*.
"""
