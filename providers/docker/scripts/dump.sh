#!/bin/sh
# Dumps the database once a day from BACKUP_START (HHMM, UTC) on, and at once when there is no dump yet.
#   dump.sh now             one dump, at once
#   dump.sh restore FILE    the database becomes what FILE holds
set -eu
PGPASSWORD="$(cat /etc/agent-platform/password)"
export PGPASSWORD

due() {
    [ -e /exchange/dumped ] || return 0
    [ "$(cat /exchange/dumped)" != "$(date -u +%Y-%m-%d)" ] && [ "$(date -u +%H%M)" -ge "$BACKUP_START" ]
}

dump() {
    part="$(mktemp /exchange/.dump.XXXXXX)"
    if pg_dump --format=custom --no-password --file="$part"; then
        chmod 0644 "$part"
        mv "$part" "/exchange/out-$(date -u +%Y%m%dT%H%M%SZ).dump"
        echo "dumped"
    else
        rm -f "$part"
        return 1
    fi
}

case "${1:-daily}" in
    now)
        dump
        exit
        ;;
    restore)
        # services at work keep what they read from being dropped, so they are sent away first
        psql --no-psqlrc --quiet --output=/dev/null --command="SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE usename = current_user AND pid <> pg_backend_pid()"
        pg_restore --no-password --clean --if-exists --exit-on-error --single-transaction --dbname="$PGDATABASE" "$2"
        echo "restored $2"
        exit
        ;;
esac

while :; do
    if due; then
        day="$(date -u +%Y-%m-%d)"
        if dump; then
            echo "$day" > /exchange/dumped
        else
            echo "the dump failed; it is tried again in five minutes" >&2
            sleep 240
        fi
    fi
    sleep 60
done
