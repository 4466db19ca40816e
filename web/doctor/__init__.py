"""Looks at an installation and says what is wrong and how to mend it.

Nouns: *finding* (one thing looked at: ok, warn or fail, with a remedy), *check* (a function from
settings to findings, one module each).
"""

from web.doctor.findings import Finding, Status
from web.doctor.run import examine

__all__ = ["Finding", "Status", "examine"]
