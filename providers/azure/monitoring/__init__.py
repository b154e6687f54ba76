"""Alarms, dashboard, SLO and budget on Azure."""
