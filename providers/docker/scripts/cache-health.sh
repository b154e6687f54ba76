#!/bin/sh
# Good when the cache answers over TLS to its own password.
set -eu
REDISCLI_AUTH="$(cat /etc/agent-platform/password)"
export REDISCLI_AUTH
client="$(command -v valkey-cli || command -v redis-cli)"
test "$("$client" --tls --cacert /etc/agent-platform/ca.pem -h cache ping)" = PONG
