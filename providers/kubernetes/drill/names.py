"""Names of the restore drill. Pure."""

from pathlib import Path

from providers.kubernetes.naming import DATABASE, DRILL

CLUSTER = f"{DATABASE}-{DRILL}"
"""Cluster that a drill restores and deletes."""
SCRIPT = Path(__file__).parents[1] / "scripts" / "restore_drill.py"
"""Program of the drill, for the Python of the database's image."""
