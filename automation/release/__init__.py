"""Release commands: the task of a service that `up` runs with a new image before it updates the services."""
