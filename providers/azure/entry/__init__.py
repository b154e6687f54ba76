"""Public entry on Azure."""
