"""Plan of a stack without an engine: recorder, inventory, tree, comparison, deploy chain, generated documents."""
