"""``python -m web.cli``: the same as ``grapevine``."""

from web.cli import app

app()
