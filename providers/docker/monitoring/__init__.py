"""Alarms, dashboard, SLO and budget on Docker."""
