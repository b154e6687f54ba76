#!/bin/sh
# Carries dumps to the object store, drops those older than BACKUP_DAYS but for the newest, and brings the newest back
# for the restore drill, so that what is drilled is what was stored.
#   courier.sh send           what is dumped, at once
#   courier.sh fetch [NAME]   a dump, the newest one without a name, to /exchange/restore.dump
set -eu

tell() {
    printf 'backup_last_success_timestamp_seconds %s\n' "$1" > /exchange/.backup.part
    mv /exchange/.backup.part /exchange/backup.prom
}

newest() {
    aws s3api list-objects-v2 --bucket backups --query 'sort_by(Contents || `[]`, &Key)[-1].Key' --output text
}

send() {
    for dump in /exchange/out-*.dump; do
        [ -e "$dump" ] || continue
        if aws s3 cp --only-show-errors "$dump" "s3://backups/${dump#/exchange/out-}"; then
            tell "$(date -u -r "$dump" +%s)"
            rm -f "$dump"
            echo "stored ${dump#/exchange/out-}"
        fi
    done
}

drop_old() {
    before="$(date -u -d "@$(($(date -u +%s) - BACKUP_DAYS * 86400))" +%Y%m%dT%H%M%SZ)"
    last="$(newest)"
    aws s3api list-objects-v2 --bucket backups --query "(Contents || \`[]\`)[?Key<'$before'].[Key]" --output text |
        while read -r key; do
            if [ -n "$key" ] && [ "$key" != None ] && [ "$key" != "$last" ]; then
                aws s3 rm --only-show-errors "s3://backups/$key"
            fi
        done
}

bring_back() {
    if [ -e /exchange/in.dump ]; then
        return 0
    fi
    # a drill that is due asks for the newest dump, also for one that was restored before
    if [ ! -e /exchange/wanted ] && [ -n "${DRILL_ON_REQUEST:-}" ]; then
        return 0
    fi
    last="$(newest)"
    if [ "$last" = None ] || { [ ! -e /exchange/wanted ] && [ "$last" = "$(cat /exchange/verified 2> /dev/null)" ]; }; then
        return 0
    fi
    aws s3 cp --only-show-errors "s3://backups/$last" /exchange/.in.part
    echo "$last" > /exchange/in.name
    mv /exchange/.in.part /exchange/in.dump
}

case "${1:-daily}" in
    send)
        send
        exit
        ;;
    fetch)
        name="${2:-$(newest)}"
        aws s3 cp --only-show-errors "s3://backups/$name" /exchange/restore.dump
        echo "$name"
        exit
        ;;
esac

[ -e /exchange/backup.prom ] || tell 0
while :; do
    { send && drop_old && bring_back; } || echo "the object store refused; it is asked again in a minute" >&2
    sleep 60
done
