"""Tests of the examples' pure modules, without the requirements of the examples."""
