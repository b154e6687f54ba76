"""Restore drills on Azure, which are not available yet."""
