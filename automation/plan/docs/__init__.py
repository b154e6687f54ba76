"""Documents generated from the spec: JSON schema of a stack file, reference of its keys, support by cloud, examples."""
