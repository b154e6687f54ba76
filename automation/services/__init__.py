"""Operation of deployed services: their URL, logs, one-off tasks and commands in a replica, by the cloud's command line."""
