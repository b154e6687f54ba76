"""Public entry on AWS."""
