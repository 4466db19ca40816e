"""Who may come in, how often, and with what text.

Nouns: ``Tokens`` (short-lived, bound to one conversation), ``Origins`` (whose pages may embed the
chat), ``RateLimits`` and ``ConnectionLimits``, and ``clean_text`` (what is taken out of a text).
"""
