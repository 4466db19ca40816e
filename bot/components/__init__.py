"""Our parts inside Rasa: channel, policy, wording, tracker store, and understanding.

``channel`` takes turns in, ``policy`` decides them with :mod:`bot.routing`, ``nlg`` words the
directive, ``store`` keeps the conversations, ``tokenizer`` and ``facts`` read the text.
"""
