"""Checks of the Docker host before an update, and diagnosis of failed containers after one."""
