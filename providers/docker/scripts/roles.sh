#!/bin/sh
# Makes the roles, or gives them their new passwords, once the server answers.
set -eu
PGPASSWORD="$(cat /etc/agent-platform/password)"
export PGPASSWORD
for attempt in $(seq 60); do
    if psql --no-psqlrc --quiet --file=/etc/agent-platform/roles.sql; then
        exit 0
    fi
    echo "attempt $attempt of 60 to make the roles failed" >&2
    sleep 2
done
exit 1
