"""Commands of restore drills on Docker; database/backup.py declares the drill."""
