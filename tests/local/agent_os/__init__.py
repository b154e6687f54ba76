"""Tests of the example's services as processes, with PostgreSQL and Redis on loopback and without containers."""
