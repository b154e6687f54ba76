#!/bin/sh
# Makes the buckets named as arguments as the platform wants them, once the store answers.
set -eu
attempts=0
until aws s3api list-buckets > /dev/null 2>&1; do
    attempts=$((attempts + 1))
    if [ "$attempts" -ge 60 ]; then
        echo "the object store does not answer" >&2
        exit 1
    fi
    sleep 2
done
for bucket in "$@"; do
    aws s3api head-bucket --bucket "$bucket" > /dev/null 2>&1 || aws s3api create-bucket --bucket "$bucket" > /dev/null
    if [ -e "/etc/agent-platform/$bucket.versioning" ]; then
        aws s3api put-bucket-versioning --bucket "$bucket" \
            --versioning-configuration "file:///etc/agent-platform/$bucket.versioning"
    fi
    if [ -e "/etc/agent-platform/$bucket.lifecycle" ]; then
        aws s3api put-bucket-lifecycle-configuration --bucket "$bucket" \
            --lifecycle-configuration "file:///etc/agent-platform/$bucket.lifecycle"
    fi
done
