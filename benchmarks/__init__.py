"""Commands that measure, each runnable by anyone: ``python -m benchmarks.NAME --help``."""
