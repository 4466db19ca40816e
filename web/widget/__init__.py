"""The chat widget: one dependency-free custom element, served as one script.

Main nouns: :class:`Bundle` (the script as sent, with its hash and compressed form),
:func:`build` (puts the sources together), :func:`widget_router` (serves them).
"""

from web.widget.bundle import Bundle, build, core_source
from web.widget.routes import widget_router

__all__ = ["Bundle", "build", "core_source", "widget_router"]
