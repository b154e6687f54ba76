"""Restore drills on AWS: restore testing of AWS Backup, and the state machines that query the restored database."""
