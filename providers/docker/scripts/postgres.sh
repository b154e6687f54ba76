#!/bin/sh
# Starts the server: its key under its own user, the superuser's password as in the state, and never on a volume of another
# major version.
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
# the volume may be of a state that was lost with its passwords; the digest tells that nothing has changed
digest=$(sha256sum < /etc/agent-platform/password)
applied="${PGDATA%/*}/.superuser-password.sha256"
if [ -s "$PGDATA/PG_VERSION" ] && [ "$(cat "$applied" 2> /dev/null || true)" != "$digest" ]; then
    options="-c listen_addresses='' -c unix_socket_directories=/tmp -c hba_file=/etc/agent-platform/pg_hba.conf -c ssl=off"
    pg_ctl --pgdata="$PGDATA" --wait --timeout=600 --silent --log=/tmp/password.log --options="$options" start
    psql --host=/tmp --username=postgres --dbname=postgres --no-psqlrc --quiet << 'END'
\set ON_ERROR_STOP on
\set password `cat /etc/agent-platform/password`
SET log_statement = 'none';
SET log_min_error_statement = 'panic';
SET password_encryption = 'scram-sha-256';
ALTER ROLE postgres PASSWORD :'password';
END
    pg_ctl --pgdata="$PGDATA" --wait --silent --mode=fast stop
    printf '%s\n' "$digest" > "$applied"
fi
mkdir -p /tmp/tls
cp /etc/agent-platform/server.key /tmp/tls/server.key
exec docker-entrypoint.sh postgres "$@"
