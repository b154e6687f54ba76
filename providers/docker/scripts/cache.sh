#!/bin/sh
# Starts Valkey, or Redis where an image has that.
set -eu
for server in valkey-server redis-server; do
    if command -v "$server" > /dev/null; then
        exec "$server" /etc/agent-platform/cache.conf
    fi
done
echo "docker.images.redis: the image has neither valkey-server nor redis-server; name one that has." >&2
exit 1
