"""Security audit of a plan: checks over the declared resources, acceptances, and reports. Imports no SDK."""
