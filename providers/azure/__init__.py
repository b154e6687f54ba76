"""Microsoft Azure: Container Apps behind Front Door, on PostgreSQL, Managed Redis, Blob storage and Key Vault."""
