"""Localisation metrics, paired statistics and sandboxed checks of what the chain produced."""
