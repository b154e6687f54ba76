#!/bin/sh
# Restores the database into a server of its own, lets the container `query` query it, deletes it, prints the evidence.
#
# The server is created by calls of the Resource Manager in the resource group of the drills, the only place where the
# identity of this container may create or delete one. The containers of a replica share the folder EXCHANGE: `host` has the
# address of the restored server, `code` and `output` the result of the query, `end` tells that no server will come.
# The last line is the evidence, with the fields of DrillEvidence. The exit code is 0 when the backup is good.
set -u
url="${MANAGEMENT_URL:-https://management.azure.com}"
poll="${DRILL_POLL_SECONDS:-30}" errors="${TMPDIR:-/tmp}/drill.errors"
servers="$DRILL_GROUP_ID/providers/Microsoft.DBforPostgreSQL/flexibleServers"
verified=false deleted=true problem='' point='' point_time='' seconds=null answer='' copy='' began=0

manage() { # method, path, further arguments of az rest
    method="$1" path="$2"
    shift 2
    az rest --only-show-errors --method "$method" --url "$url$path?api-version=$API_VERSION" "$@"
}

text() { # a value as a string of JSON, null when it is empty
    if [ -z "$1" ]; then
        printf null
    else
        printf '"%s"' "$(printf '%s' "$1" | tr '\n\t\r' '   ' | sed 's/[\\"]/\\&/g')"
    fi
}

missing() { # succeeds when the Resource Manager answers that the server does not exist
    if manage get "$servers/$1" --output none 2> "$errors"; then return 1; fi
    grep -Eq 'NotFound|Not Found|404' "$errors"
}

remove() { # deletes a server and waits until it is gone
    attempt=0
    while [ "$attempt" -lt 20 ]; do
        if missing "$1"; then return 0; fi
        manage delete "$servers/$1" --output none 2> "$errors" || cat "$errors" >&2
        attempt=$((attempt + 1))
        sleep "$poll"
    done
    missing "$1"
}

finish() {
    trap - TERM INT
    : > "$EXCHANGE/end"
    if [ -n "$copy" ] && ! remove "$copy"; then
        deleted=false
        problem="${problem:-the restored server $copy could not be deleted}"
    fi
    printf '{"verified": %s, "recovery_point": %s, "recovery_point_time": %s, "restore_seconds": %s, ' \
        "$verified" "$(text "$point")" "$(text "$point_time")" "$seconds"
    printf '"query_result": %s, "deleted": %s, "problem": %s}\n' "$(text "$answer")" "$deleted" "$(text "$problem")"
    if [ "$verified" = true ]; then exit 0; fi
    exit 1
}

fail() {
    problem="$1"
    finish
}

stopped() {
    fail 'the drill was stopped before its end'
}

sweep() { # deletes servers of drills that were interrupted; one in progress is younger
    oldest="$(date -u -d "@$(($(date +%s) - MAX_DRILL_SECONDS))" +%Y%m%d%H%M%S)"
    manage get "$servers" --query 'value[].name' --output tsv 2> /dev/null | while read -r name; do
        digits="${name#"$COPY_PREFIX"}"
        case "$digits" in "$name" | *[!0-9]* | '') continue ;; esac
        if [ "$digits" -lt "$oldest" ] && ! remove "$name"; then
            echo "the leftover $name could not be deleted" >&2
        fi
    done
}

restore() {
    # the log before a time is archived within some minutes of it
    point_time="$(date -u -d "@$(($(date +%s) - POINT_SECONDS))" +%Y-%m-%dT%H:%M:%SZ)"
    point="${SOURCE_ID##*/}@$point_time"
    copy="$COPY_PREFIX$(date -u +%Y%m%d%H%M%S)"
    began="$(date +%s)"
    identity='' encryption=''
    if [ -n "${KEY_URI:-}" ]; then # a copy of a server with a key of the stack needs one too
        identity="$(printf '"identity": {"type": "UserAssigned", "userAssignedIdentities": {"%s": {}}}, ' "$KEY_IDENTITY_ID")"
        encryption="$(printf '"dataEncryption": {"type": "AzureKeyVault", "primaryKeyURI": "%s", "primaryUserAssignedIdentityId": "%s"}, ' "$KEY_URI" "$KEY_IDENTITY_ID")"
    fi
    body="$(printf '{"location": "%s", "tags": %s, %s"properties": {%s"createMode": "PointInTimeRestore", "sourceServerResourceId": "%s", "pointInTimeUTC": "%s", "network": {"delegatedSubnetResourceId": "%s", "privateDnsZoneArmResourceId": "%s"}}}' \
        "$LOCATION" "$DRILL_TAGS" "$identity" "$encryption" "$SOURCE_ID" "$point_time" "$SUBNET_ID" "$ZONE_ID")"
    if ! manage put "$servers/$copy" --body "$body" --output none 2> "$errors"; then
        cat "$errors" >&2
        fail "the restore could not start: $(tail -n 1 "$errors" | head -c 200)"
    fi
}

await_server() {
    seen=false
    while :; do
        state="$(manage get "$servers/$copy" --query properties.state --output tsv 2> /dev/null)" || state=''
        elapsed=$(($(date +%s) - began))
        if [ "$state" = Ready ]; then break; fi
        if [ -n "$state" ]; then
            seen=true
        elif { [ "$seen" = true ] || [ "$elapsed" -gt "$START_SECONDS" ]; } && missing "$copy"; then
            fail 'the restore failed; the activity log of the resource group has the reason'
        fi
        if [ "$elapsed" -gt "$RESTORE_SECONDS" ]; then fail "the restore did not end within $RESTORE_SECONDS seconds"; fi
        sleep "$poll"
    done
    seconds="$elapsed"
}

await_query() {
    manage get "$servers/$copy" --query properties.fullyQualifiedDomainName --output tsv > "$EXCHANGE/host.new" \
        && [ -s "$EXCHANGE/host.new" ] || fail 'the restored server has no address'
    mv "$EXCHANGE/host.new" "$EXCHANGE/host"
    asked=$(date +%s)
    while [ ! -e "$EXCHANGE/code" ]; do
        if [ $(($(date +%s) - asked)) -gt "$QUERY_SECONDS" ]; then
            fail "the query did not end within $QUERY_SECONDS seconds"
        fi
        sleep "${QUERY_POLL_SECONDS:-5}"
    done
    last="$(tail -n 1 "$EXCHANGE/output")"
    if [ "$(cat "$EXCHANGE/code")" = 0 ]; then
        verified=true
        answer="${last#the query returned }"
    else
        problem="$(head -c 300 "$EXCHANGE/output")"
    fi
}

trap stopped TERM INT
az login --identity --client-id "$AZURE_CLIENT_ID" --output none --only-show-errors \
    || fail 'the identity of the drill could not sign in'
sweep
restore
await_server
await_query
finish
