"""Measurements that a claim in the documentation rests on; each prints numbers and can be repeated with one command."""
