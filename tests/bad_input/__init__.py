"""Bad input against the real thing; docs/developers/bad-input.md lists the cases."""
