"""What the doctor asks each cloud, by its own provider's functions; the chosen cloud's module alone is imported."""
