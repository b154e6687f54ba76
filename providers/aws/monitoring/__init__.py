"""Alarms, dashboard, SLO and budget on AWS."""
