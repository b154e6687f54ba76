"""Clients of a stack's data stores, which `agent-platform psql` and `redis-cli` open. Pure.

On a Docker host the client runs in the server's container. On a cloud the stores have no public address and no host of their
own, so each cloud refuses in the same words and names the way that works: a command in a service that uses the store.
"""

from providers.contract.cli import DataClient, DeployedStack
from providers.contract.diagnostics import ConfigError, InvalidConfiguration, Unsupported
from providers.contract.existing_stores import existing_stores
from providers.contract.spec import Platform

QUERIES = {
    DataClient.PSQL: "psql --command 'SELECT now()'",
    # the variable is expanded in the container, so no argument has the password
    DataClient.REDIS: "sh -c 'redis-cli -u \"$REDIS_URL\" info'",
}
"""Command of a service that asks its store something."""


def require_store(spec: Platform, stack: str, client: DataClient) -> None:
    """Raise InvalidConfiguration when a stack file has no store for a client."""
    for store in existing_stores(spec):
        if store.part == client.store:
            problem = f"the {client.store} of {stack} exists outside of it, at {store.address}"
            fix = f"open {client} with the URL in {store.server.url}"
            raise InvalidConfiguration([ConfigError(f"{client.store}.existing", problem, fix)])
    if (spec.database if client is DataClient.PSQL else spec.cache) is None:
        problem = f"the stack {stack} has no {client.store}, which {client} would open"
        raise InvalidConfiguration([ConfigError(client.store, problem, f"add `{client.store}`, and run `up`")])


def private_store(cloud: str, stack: DeployedStack, client: DataClient, command: str = "run") -> InvalidConfiguration:
    """Return the refusal of a cloud whose stores are reached from its services alone; `command` runs something in these."""
    users = stack.spec.users_of(client.store)
    problem = f"the {client.store} is reached from the services of {stack.name} alone"
    way = f"run `agent-platform {command} {stack.name} {users[0] if users else 'SERVICE'} -- {QUERIES[client]}`"
    needs = f"with {client} in its image" if users else f"with a service that lists {client.store} in `uses`"
    return InvalidConfiguration([Unsupported(cloud, client.store, problem, f"{way}, {needs}")])
