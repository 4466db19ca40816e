"""``python run_rasa.py ARGUMENTS``: Rasa's command line, started sooner and without noise.

* Sanic 21.12 and Rasa switch warnings on again, whatever the interpreter was told; nobody can act
  on what their libraries then print at every start. So they are imported first, with warnings off
  afterwards.
* skops, which Rasa loads its classifier with, looks through every loaded module for each of 765
  functions when it is imported. Before TensorFlow is loaded that takes a fraction of the seconds.

Runs in the bot's runtime.
"""

from __future__ import annotations

import runpy
import sys
import warnings
from typing import Any, cast

sys.path.pop(0)  # the folder of this file, which belongs to the other runtime

# TensorFlow loads jax wherever it is installed, 65 MB for conversions that nobody asks for. A None
# here makes it "not installed".
cast(dict[str, Any], sys.modules)["jax"] = None

import sanic.app  # noqa: E402, F401 - it switches them on, hence before the next line

warnings.simplefilter("ignore")
import matplotlib.font_manager  # noqa: E402, F401 - warns while it is imported
import skops.io  # noqa: E402, F401 - the sooner the cheaper

runpy.run_module("rasa", run_name="__main__", alter_sys=True)
