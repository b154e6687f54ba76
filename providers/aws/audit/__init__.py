"""Security checks of resources on this cloud. Pure."""
