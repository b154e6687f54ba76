"""Paths of a database server in Resource Manager, which follow from names. Pure."""

from providers.azure.context import AzureContext
from providers.azure.naming import server_name


def server_path(context: AzureContext) -> str:
    """Return the id of the server in a location."""
    return f"{context.group_id}/providers/Microsoft.DBforPostgreSQL/flexibleServers/{server_name(context)}"
