"""Alarms, dashboard, SLO and budget on Google Cloud."""
