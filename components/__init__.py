"""Cloud-neutral: the stack's settings, the walk over the tree, what each service finds around it."""
