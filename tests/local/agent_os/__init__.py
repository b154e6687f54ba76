"""The agent system of the example, run for real: processes, PostgreSQL and Redis on loopback, no container."""
