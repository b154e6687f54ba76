"""Recovery plan of a stack as a document, its promises, and the status of its backups and copies."""
