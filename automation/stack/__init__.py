"""Stack files: reading, overriding, editing and expiry."""
