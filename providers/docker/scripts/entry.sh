#!/bin/sh
# Start HAProxy, which listens only on its own addresses in the networks of the port's owner and of Prometheus. The kernel
# states them as the source of a route to the fixed address of the other container.
set -eu
own_address() {
  ip -4 route get "$1" | sed -n 's/.* src \([0-9.]*\).*/\1/p'
}
ENTRY_ADDRESS=$(own_address "$PROXY_ADDRESS")
METRICS_ADDRESS=$(own_address "$PROMETHEUS_ADDRESS")
STARTED=$(date +%s)
export ENTRY_ADDRESS METRICS_ADDRESS STARTED
exec haproxy -W -db -f /etc/agent-platform/haproxy.cfg
