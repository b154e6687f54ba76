"""Variables with which S3 clients reach the bucket. Pure."""

VARIABLES = ("AWS_ENDPOINT_URL_S3", "AWS_REGION")
SECRETS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
"""Stack secrets with the keys of the bucket, which become variables of the services that use storage."""
