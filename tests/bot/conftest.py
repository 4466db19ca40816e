"""The routing rule runs in both runtimes and so do its tests; the rest needs Rasa."""

from __future__ import annotations

import importlib.util

collect_ignore = [] if importlib.util.find_spec("rasa") else ["rasa"]
