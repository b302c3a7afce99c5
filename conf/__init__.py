"""The configuration of every command, as data."""
