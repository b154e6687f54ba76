"""How each cloud is searched for what a stack has made, by its own provider's functions; the chosen one alone is imported."""
