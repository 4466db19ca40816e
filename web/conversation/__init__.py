"""Conversations: their log, their turns and the websocket protocol.

Nouns: ``ConversationLog`` (what was said, in the database), ``ConversationService`` (a message's
straight way to its answer), ``Hub`` (who hears of it) and ``Session`` (one websocket as a pure
state machine). Channels sit on top; nothing here knows of HTTP.
"""
