"""Restore drills on Google Cloud: workflows that restore a backup and report, and the Cloud Run job of the query."""
