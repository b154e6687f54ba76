"""Services on Docker."""
