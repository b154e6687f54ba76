"""Scheduled jobs on Azure: Container Apps jobs."""
