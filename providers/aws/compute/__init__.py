"""Services on AWS."""
