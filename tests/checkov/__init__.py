"""Comparison of the audit with checkov, an independent scanner, which `make checkov` installs into an own environment."""
