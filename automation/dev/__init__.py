"""`agent-platform dev`: a Docker stack whose services run from their source folders and restart when a file is saved.

docs/adr/0024-run-services-from-a-copy-of-their-source.md has the reasons.
"""
