"""Checks of a cluster before an update."""
