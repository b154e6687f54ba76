"""Services on Google Cloud."""
