#!/bin/sh
# Runs DRILL_QUERY on a restored database; succeeds when it returns one row with one number above 0.
# The server is in PGHOST, PGUSER, PGPASSWORD and PGDATABASE. A server that was just restored may refuse a few connections.
set -eu
attempts="${DRILL_ATTEMPTS:-20}" pause="${DRILL_PAUSE_SECONDS:-15}" errors="${TMPDIR:-/tmp}/drill.errors"
export PGCONNECT_TIMEOUT=10 PGOPTIONS='-c statement_timeout=600s'

attempt=1
while :; do
    code=0
    result="$(psql --no-psqlrc --no-password --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 \
        --command="$DRILL_QUERY" 2> "$errors")" || code=$?
    # 2: no connection; the query itself ends with 1 or 3
    if [ "$code" -ne 2 ] || [ "$attempt" -ge "$attempts" ] || grep -q 'authentication failed' "$errors"; then
        break
    fi
    attempt=$((attempt + 1))
    sleep "$pause"
done

if [ "$code" -ne 0 ]; then
    cat "$errors" >&2
    if grep -q 'authentication failed' "$errors"; then
        echo "the backup has the password of its day; a backup that is newer than the last rotation is needed" >&2
    fi
    exit 1
fi
if ! printf '%s\n' "$result" | awk 'NR == 1 && /^[0-9]+(\.[0-9]+)?$/ && $0 + 0 > 0 { ok = 1 } END { exit !(ok && NR == 1) }'; then
    echo "the query returned $(printf '%s' "${result:-no row}" | head -c 60 | tr '\n' ' '), not one number above 0" >&2
    exit 1
fi
echo "the query returned $result"
