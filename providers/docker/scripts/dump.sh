#!/bin/sh
# Dumps the database once a day from BACKUP_START (HHMM, UTC) on, and at once when there is no dump yet.
set -eu
PGPASSWORD="$(cat /etc/agent-platform/password)"
export PGPASSWORD

due() {
    [ -e /exchange/dumped ] || return 0
    [ "$(cat /exchange/dumped)" != "$(date -u +%Y-%m-%d)" ] && [ "$(date -u +%H%M)" -ge "$BACKUP_START" ]
}

while :; do
    if due; then
        day="$(date -u +%Y-%m-%d)"
        if pg_dump --format=custom --no-password --file=/exchange/.dump.part; then
            mv /exchange/.dump.part "/exchange/out-$(date -u +%Y%m%dT%H%M%SZ).dump"
            echo "$day" > /exchange/dumped
            echo "dumped"
        else
            rm -f /exchange/.dump.part
            echo "the dump failed; it is tried again in five minutes" >&2
            sleep 240
        fi
    fi
    sleep 60
done
