"""Tests with real containers and processes on this machine; each is skipped, with the reason, when a program is missing."""
