#!/bin/sh
# Prints the age of the newest verified backup and the number of leftovers, which alarms read from the log.
#
# A drill restores its database to POINT_SECONDS before its start, so the newest execution that succeeded tells the time of
# the backup. Before the first success the age counts from the declaration of the drill.
set -eu
url="${MANAGEMENT_URL:-https://management.azure.com}"

manage() { # path, version of the API, query
    az rest --only-show-errors --method get --url "$url$1?api-version=$2" --query "$3" --output tsv
}

az login --identity --client-id "$AZURE_CLIENT_ID" --output none --only-show-errors
succeeded="$(manage "$JOB_ID/executions" "$JOB_API_VERSION" "value[?properties.status=='Succeeded'].properties.startTime")"
newest="$(printf '%s\n' "$succeeded" | sort | tail -n 1)"
if [ -n "$newest" ]; then
    verified=$(($(date -u -d "$newest" +%s) - POINT_SECONDS))
else
    verified="$(date -u -d "$(manage "$JOB_ID" "$JOB_API_VERSION" systemData.createdAt)" +%s)"
fi

oldest="$(date -u -d "@$(($(date +%s) - LEFTOVER_SECONDS))" +%Y%m%d%H%M%S)"
names="$(manage "$DRILL_GROUP_ID/providers/Microsoft.DBforPostgreSQL/flexibleServers" "$API_VERSION" 'value[].name')"
leftovers=0
for name in $names; do
    digits="${name#"$COPY_PREFIX"}"
    case "$digits" in "$name" | *[!0-9]* | '') continue ;; esac
    if [ "$digits" -lt "$oldest" ]; then leftovers=$((leftovers + 1)); fi
done
printf '{"%s": %d, "%s": %d}\n' "$AGE_METRIC" $(($(date +%s) - verified)) "$LEFTOVERS_METRIC" "$leftovers"
