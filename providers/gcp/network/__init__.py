"""Network on Google Cloud."""
