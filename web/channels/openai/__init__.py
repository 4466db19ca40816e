"""OpenAI's chat completions protocol, so that its clients work unchanged.

Nouns: ``Question`` (what a request asks, everything else refused or left aside), the
``completion`` and its ``chunks`` (a committed answer in OpenAI's words), and ``error_response``
(our problems in OpenAI's error shape). See ``docs/integrators/openai.md``.
"""

from web.channels.openai.routes import openai_router

__all__ = ["openai_router"]
