"""``python run_rasa.py ARGUMENTS``: Rasa's command line without other people's deprecations.

Sanic 21.12 and pyparsing switch deprecation warnings on when they are imported, whatever the
interpreter was told; nobody can act on what Rasa's libraries then print at every start. Runs in
the bot's runtime.
"""

from __future__ import annotations

import runpy
import sys
import warnings

sys.path.pop(0)  # the folder of this file, which belongs to the other runtime

# Imported for their side effect, which the line after them undoes.
import pyparsing  # noqa: F401
import sanic.app  # noqa: F401

warnings.simplefilter("ignore")
runpy.run_module("rasa", run_name="__main__", alter_sys=True)
