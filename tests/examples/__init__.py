"""Tests of the pure parts of the examples, which need none of the examples' own dependencies."""
