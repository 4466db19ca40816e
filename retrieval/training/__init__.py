"""Training of the two encoders that the product ships, for late interaction.

Needs the extra ``train``; serving imports nothing of this. Nouns: a ``World`` (a company's base and
what its customers ask), a ``Reader`` (the weights in training), a ``Course`` (in what order a
reader sees the worlds, with checkpoints). ``python -m retrieval.training --help`` trains, goes on
where it stopped, and writes what the product ships.
"""
