"""Notification channels, logs and metrics collection on Azure; declared before the resources that refer to them."""
