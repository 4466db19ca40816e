"""The words of an answer: one module for each route.

Nouns: ``Turn`` (what is known when the words are to be made), ``Directive`` (what to do)
and ``Responder`` (makes the words of one route). A responder writes into a
:class:`web.conversation.draft.Draft`, which tells everybody who listens.
"""
