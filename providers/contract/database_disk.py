"""Disk of a database server: its size in the spec, and where the state has its size. Pure.

A disk that grows by itself is larger than the spec says, so the program ignores the difference. A larger disk in the spec
must be declared all the same, and only the state has the current size: `agent-platform up` compares both and passes the
property to the program in the configuration of this one update.
"""

from dataclasses import dataclass

APPLIED_KEY = "agent-platform:applied"
"""Configuration key with the properties whose changes this update does not ignore."""
DISK_KEY = "database.storage_gib"


@dataclass(frozen=True)
class DatabaseDisk:
    """Type of the server, path of the property with the disk's size, and the size that the spec requests."""

    type: str
    path: str
    gib: int
