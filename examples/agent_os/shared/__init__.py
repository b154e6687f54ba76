"""What several services of the example share; each image takes the whole folder and imports what it needs."""
