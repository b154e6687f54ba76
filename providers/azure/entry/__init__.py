"""Public entry on Azure: Front Door."""
