"""Scheduled jobs on a Docker host: one container for each job, which waits for the next time."""
