"""Services on Azure: Container Apps."""
