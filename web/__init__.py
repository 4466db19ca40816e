"""The product as people meet it: gateway, conversation, channels, widget and command line.

Nouns: *channel* (how a visitor reaches us), *conversation* and its *log*, *session* (a websocket
as a pure state machine), *provenance* (why an answer is what it is). Composes all other packages;
of :mod:`bot` it imports :mod:`bot.routing` alone.
"""
