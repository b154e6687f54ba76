#!/bin/sh
# Waits for the restored server, runs the query script on it, and leaves its result to the container `restore`.
# QUERY_SCRIPT is the text of the script. This container never fails itself: the evidence is that of the other one.
while [ ! -e "$EXCHANGE/host" ]; do
    if [ -e "$EXCHANGE/end" ]; then exit 0; fi
    sleep "${DRILL_POLL_SECONDS:-5}"
done
PGHOST="$(cat "$EXCHANGE/host")"
export PGHOST
code=0
sh -c "$QUERY_SCRIPT" > "$EXCHANGE/output" 2>&1 || code=$?
cat "$EXCHANGE/output"
echo "$code" > "$EXCHANGE/code.new"
mv "$EXCHANGE/code.new" "$EXCHANGE/code"
