"""Notification channels, logs and metrics collection on AWS: declared before the resources that send to them."""
