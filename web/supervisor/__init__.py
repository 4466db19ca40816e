"""One command that runs the product: prepares what is missing, then keeps both runtimes alive.

Nouns: *preparation* (models, tables, demo entries, the trained bot), *child* (a process with its
log, its restarts and its end), *supervisor* (starts the children, waits until they can answer,
stops them). A child never outlives its supervisor: see :mod:`web.supervisor.guard`.
"""
