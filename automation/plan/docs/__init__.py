"""The documents made from the spec: the JSON schema of a stack file, and the reference of its keys."""

from automation.plan.docs.reference import configuration_text
from automation.plan.docs.schema import schema_text

__all__ = ["CONFIGURATION_FILE", "SCHEMA_FILE", "configuration_text", "schema_text"]

SCHEMA_FILE = "docs/config.schema.json"
CONFIGURATION_FILE = "docs/configuration.md"
