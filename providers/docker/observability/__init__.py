"""Notification channels, logs and metrics collection on Docker: declared before the resources that send to them."""
