"""The demo site: a believable provider around the chat, fed by the same knowledge base.

Main nouns: :class:`SiteText` (all words of one language), :class:`Assets` (static files under
an address that changes with them), :class:`TopicGroup` (published entries of one topic), and
:func:`site_router`, which serves the pages.
"""

from web.site.routes import site_router

__all__ = ["site_router"]
