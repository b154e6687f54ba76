#!/bin/sh
# Starts the server: its key under its own user, and never on a volume of another major version.
set -eu
if [ -s "$PGDATA/PG_VERSION" ] && [ "$(cat "$PGDATA/PG_VERSION")" != "$AGENT_PLATFORM_MAJOR" ]; then
    echo "database.version: \"$AGENT_PLATFORM_MAJOR\" cannot open this volume, which PostgreSQL $(cat "$PGDATA/PG_VERSION")" \
        "wrote; set the version back, or restore the last dump into a new stack." >&2
    exit 1
fi
umask 077
mkdir -p /tmp/tls
cp /etc/agent-platform/server.key /tmp/tls/server.key
exec docker-entrypoint.sh postgres "$@"
