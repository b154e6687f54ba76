#!/bin/sh
# Restores dumps into a server of its own without any network, reads every row back, and reports the result.
#   drill.sh        each dump that the courier brings, or the newest one at the times of the schedule in drill.conf
#   drill.sh now    the newest dump at once; the last line is the evidence, and the exit code 1 without a good backup
# drill.conf beside this file has the schedule and the query of `recovery.drill`; without it there are neither.
set -eu
PATH="$PATH:$(echo /usr/lib/postgresql/*/bin)"
export PATH PGHOST=/tmp PGUSER=drill
drill_minutes='' drill_query=''
! [ -e "${0%/*}/drill.conf" ] || . "${0%/*}/drill.conf"

tell() {
    {
        printf 'backup_verification_failed %s\nbackup_verified_timestamp_seconds %s\n' "$1" "$2"
        if [ -n "$drill_minutes" ]; then
            if [ -e /scratch/data ]; then echo 'backup_drill_leftovers 1'; else echo 'backup_drill_leftovers 0'; fi
        fi
    } > /exchange/.drill.part
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

# sets `result` and, unless it is one number above 0, `problem`
queried() {
    [ -n "$drill_query" ] || return 0
    if ! result="$(PGOPTIONS='-c statement_timeout=600s' psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 \
        --dbname=scratch --command="$drill_query" 2> /scratch/query)"; then
        problem="the query failed: $(head -n 1 /scratch/query)" result=''
        return 1
    fi
    if ! printf '%s\n' "$result" | awk 'NR == 1 && /^[0-9]+(\.[0-9]+)?$/ && $0 + 0 > 0 { ok = 1 } END { exit !(ok && NR == 1) }'; then
        problem="the query returned $(printf '%s' "${result:-no row}" | head -c 60 | tr '\n' ' '), not one number above 0"
        return 1
    fi
}

quoted() {
    printf '"%s"' "$(printf '%s' "$1" | tr '\n\t"\\' "  ''")"
}

# writes the evidence of the last drill: whether it is verified, the seconds, and whether the copy is deleted
evidence() {
    printf '{"verified": %s, "recovery_point": %s, "recovery_point_time": %s, "restore_seconds": %s, ' "$1" \
        "$(quoted "$name")" "$(quoted "$(date -u -d "@$made" +%Y-%m-%dT%H:%M:%SZ)")" "$2"
    printf '"query_result": %s, "deleted": %s, "problem": %s}\n' \
        "$(if [ -n "$result" ]; then quoted "$result"; else echo null; fi)" "$3" "$(quoted "$problem")"
}

drill() {
    name="$(cat /exchange/in.name)" made="$(date -u -r /exchange/in.dump +%s)" started="$(date +%s)"
    result='' problem='' good=false seconds=null
    if restored; then
        seconds=$(($(date +%s) - started))
        if queried; then
            good=true
        fi
    else
        problem="the newest dump cannot be restored"
        tail -n 5 /scratch/log >&2 || true
    fi
    pg_ctl --pgdata=/scratch/data --mode=immediate --silent stop || true
    rm -rf /scratch/data || true
    if "$good"; then
        verified="$made"
        tell 0 "$verified"
        mv /exchange/in.name /exchange/verified
        echo "restored $(cat /exchange/verified)${result:+; the query returned $result}"
    else
        tell 1 "$verified"
        echo "$problem" >&2
    fi
    deleted=true
    if [ -e /scratch/data ]; then
        deleted=false problem="${problem:-/scratch/data of the container could not be deleted}"
    fi
    evidence "$good" "$seconds" "$deleted" > /exchange/.evidence.part
    mv /exchange/.evidence.part /exchange/drill.json
    rm -f /exchange/in.dump /exchange/wanted
}

in_set() {
    [ "$2" = '*' ] && return 0
    case " $2 " in *" $1 "*) return 0 ;; esac
    return 1
}

day_matches() {
    if [ "$drill_days" != '*' ] && [ "$drill_weekdays" != '*' ]; then
        in_set "$1" "$drill_days" || in_set "$2" "$drill_weekdays"
    else
        in_set "$1" "$drill_days" && in_set "$2" "$drill_weekdays"
    fi
}

# minute, hour, day, month and weekday of now
is_due() {
    in_set "${1#0}" "$drill_minutes" && in_set "${2#0}" "$drill_hours" && in_set "${4#0}" "$drill_months" &&
        day_matches "${3#0}" "$5"
}

# asks the courier for the newest dump, and waits for the drill of it in the container's main process
now() {
    rm -f /exchange/drill.json
    touch /exchange/wanted
    waited=0
    while [ ! -e /exchange/drill.json ]; do
        if [ "$waited" -ge "${DRILL_SECONDS:-21600}" ]; then
            rm -f /exchange/wanted
            echo "no drill has ended within ${DRILL_SECONDS:-21600} seconds; the courier may have found no dump" >&2
            return 1
        fi
        sleep 1
        waited=$((waited + 1))
    done
    cat /exchange/drill.json
    grep -q '"verified": true' /exchange/drill.json
}

if [ "${1:-}" = now ]; then
    now
    exit
fi

# the time of the last success outlives the container; before it, it is that of the first start
verified="$(sed -n 's/^backup_verified_timestamp_seconds //p' /exchange/drill.prom 2> /dev/null || true)"
if [ -z "$verified" ]; then
    verified=0
    [ -z "$drill_minutes" ] || verified="$(date +%s)"
fi
[ -z "$drill_minutes" ] || tell 0 "$verified"
rm -f /exchange/wanted
last=''
while :; do
    if [ -n "$drill_minutes" ]; then
        stamp="$(date -u +%Y%m%d%H%M)"
        # five words
        set -- $(date -u '+%M %H %d %m %w')
        if [ "$stamp" != "$last" ] && is_due "$@"; then
            touch /exchange/wanted
        fi
        last="$stamp"
    fi
    if [ -e /exchange/in.dump ]; then
        drill
    fi
    sleep 30
done
