"""Notification channels and logs on Google Cloud."""
