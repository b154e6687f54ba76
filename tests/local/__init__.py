"""Tests of what runs on this machine; each tells what it needs, and is skipped with that reason where it is missing."""
