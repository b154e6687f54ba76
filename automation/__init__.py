"""The command line and the programmatic way: inventory, plan, configuration documents."""
