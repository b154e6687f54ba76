"""Services on Azure."""
