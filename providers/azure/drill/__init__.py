"""Restore drills on Azure: Container Apps jobs that restore, query and report."""
