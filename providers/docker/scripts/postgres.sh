#!/bin/sh
# Starts the server: its key under its own user, and never on a volume of another major version.
set -eu
# from version 18 on images have another folder in the volume, and would begin an empty database beside the old one
for folder in "$PGDATA" /var/lib/postgresql/pgdata /var/lib/postgresql/*/docker /var/lib/postgresql/data/*/docker; do
    [ -s "$folder/PG_VERSION" ] || continue
    wrote=$(cat "$folder/PG_VERSION")
    [ "$wrote" = "$AGENT_PLATFORM_MAJOR" ] && break
    echo "database.version: \"$AGENT_PLATFORM_MAJOR\" cannot open this volume, which PostgreSQL $wrote" \
        "wrote; set the version back, or restore the last dump into a new stack." >&2
    exit 1
done
umask 077
mkdir -p /tmp/tls
cp /etc/agent-platform/server.key /tmp/tls/server.key
exec docker-entrypoint.sh postgres "$@"
