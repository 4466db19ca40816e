"""The index from 10,000 to 1,000,000 entries: kinds, recall, latency, memory and edits.

Main nouns: :mod:`texts` (real texts, and bases made of them), :mod:`index` (vectors alone) and
:mod:`whole` (the retriever with its encoders).
"""

import os

# As the product runs (web/supervisor/environment.py), and before anything loads numpy: more threads
# cost a search more than they bring. Building an index asks for every core by itself.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
