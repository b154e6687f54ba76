"""The commands that deploy, on the real engine."""
