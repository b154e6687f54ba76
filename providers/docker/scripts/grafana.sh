#!/bin/sh
# Starts Grafana. It takes the password of `admin` only when it creates its database, so a database that another state left in
# the volume gets the password of this state here (https://grafana.com/docs/grafana/latest/administration/cli/).
set -eu
if [ -s "$GF_PATHS_DATA/grafana.db" ]; then
    grafana cli --homepath "$GF_PATHS_HOME" --config "$GF_PATHS_CONFIG" admin reset-admin-password --password-from-stdin \
        < "$GF_SECURITY_ADMIN_PASSWORD__FILE" > /dev/null ||
        echo "monitoring: the password of Grafana's admin is still that of its volume; sign in with that one." >&2
fi
exec /run.sh
