"""``python run_rasa.py ARGUMENTS``: Rasa's command line without other people's deprecations.

Sanic 21.12 and Rasa switch warnings on again, whatever the interpreter was told; nobody can act on
what Rasa's libraries then print at every start. So they are imported first, with warnings off
afterwards. Runs in the bot's runtime.
"""

from __future__ import annotations

import runpy
import sys
import warnings

sys.path.pop(0)  # the folder of this file, which belongs to the other runtime

import sanic.app  # noqa: F401 - it switches them on, hence before the next line

warnings.simplefilter("ignore")
import matplotlib.font_manager  # noqa: E402, F401 - warns while it is imported

runpy.run_module("rasa", run_name="__main__", alter_sys=True)
