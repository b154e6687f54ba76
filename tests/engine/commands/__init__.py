"""Commands that deploy, with the real engine."""
