#!/bin/sh
# Starts Prometheus, and sends it SIGHUP after a change of its files; it then reads them again and keeps its data
# (https://prometheus.io/docs/prometheus/latest/configuration/configuration/). No part of the network can ask for that.
set -eu
loaded=$(cat /live/version)
prometheus "$@" &
server=$!
trap 'kill -TERM "$server"' TERM INT
while kill -0 "$server" 2> /dev/null; do
    sleep 2 &
    # a signal ends the wait
    wait "$!" || true
    current=$(cat /live/version)
    if [ "$current" != "$loaded" ]; then
        kill -HUP "$server"
        loaded=$current
    fi
done
wait "$server"
