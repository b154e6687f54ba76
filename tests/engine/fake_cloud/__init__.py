"""Fake provider plugins: objects are stored in a SQLite file, and the SDK's annotations define the shape of each type."""
