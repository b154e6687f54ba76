"""Notification channels, logs and metrics collection on Google Cloud: declared before the resources that send to them."""
