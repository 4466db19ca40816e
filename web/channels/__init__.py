"""Ways into a conversation, one a module: each turns its wire into messages and back.

Nouns: ``Gateway`` (what every channel is given), the websocket and its REST twin (our own
protocols), and the compatible ends (OpenAI, Rasa REST) with their ``Ends``.
"""
