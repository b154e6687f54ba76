#!/bin/sh
# What the published image of PostgreSQL does with its variables, as far as the platform asks for it: an empty PGDATA is
# made with POSTGRES_USER, the password of POSTGRES_PASSWORD_FILE and the database POSTGRES_DB; then the server starts.
set -eu
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    # shellcheck disable=SC2086  # they are words
    initdb --pgdata="$PGDATA" --username="$POSTGRES_USER" --pwfile="$POSTGRES_PASSWORD_FILE" --auth=scram-sha-256 \
        $POSTGRES_INITDB_ARGS > /dev/null
    pg_ctl --pgdata="$PGDATA" --wait --silent --options="-c listen_addresses='' -c unix_socket_directories=/tmp" start
    PGPASSWORD="$(cat "$POSTGRES_PASSWORD_FILE")" createdb --host=/tmp --username="$POSTGRES_USER" "$POSTGRES_DB"
    pg_ctl --pgdata="$PGDATA" --wait --silent --mode=fast stop
fi
exec "$@"
