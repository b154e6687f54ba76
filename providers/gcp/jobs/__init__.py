"""Scheduled jobs on Google Cloud: Cloud Scheduler starts executions of Cloud Run jobs."""
