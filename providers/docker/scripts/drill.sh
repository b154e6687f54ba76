#!/bin/sh
# Restores the newest dump into a server of its own without any network, reads every row back, and tells how that went.
set -eu
PATH="$PATH:$(echo /usr/lib/postgresql/*/bin)"
export PATH PGHOST=/tmp PGUSER=drill

tell() {
    printf 'backup_verification_failed %s\nbackup_verified_timestamp_seconds %s\n' "$1" "$2" > /exchange/.drill.part
    mv /exchange/.drill.part /exchange/drill.prom
}

restored() {
    rm -rf /scratch/data
    initdb --pgdata=/scratch/data --username=drill --auth=trust --encoding=UTF8 > /dev/null &&
        pg_ctl --pgdata=/scratch/data --wait --silent --log=/scratch/log \
            --options="-c listen_addresses='' -c unix_socket_directories=/tmp -c fsync=off" start &&
        createdb scratch &&
        pg_restore --exit-on-error --no-owner --no-privileges --dbname=scratch /exchange/in.dump &&
        pg_dump --file=/dev/null scratch
}

verified=0
while :; do
    if [ -e /exchange/in.dump ]; then
        made="$(date -u -r /exchange/in.dump +%s)"
        if restored; then
            verified="$made"
            tell 0 "$verified"
            mv /exchange/in.name /exchange/verified
            echo "restored $(cat /exchange/verified)"
        else
            tell 1 "$verified"
            echo "the newest dump cannot be restored" >&2
            tail -n 5 /scratch/log >&2 || true
        fi
        pg_ctl --pgdata=/scratch/data --mode=immediate --silent stop || true
        rm -rf /scratch/data /exchange/in.dump
    fi
    sleep 30
done
