"""Monthly cost of a stack: prices of a region, assumed usage, estimate and comparison. Imports no SDK."""
