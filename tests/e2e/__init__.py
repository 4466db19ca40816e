"""The whole product, driven in a real browser."""
