"""Failover and failback of a stack between the two regions of a warm standby."""
