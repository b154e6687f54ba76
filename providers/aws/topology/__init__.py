"""What the network will be, decided before anything is declared: addresses, who reaches whom, filters, endpoints. Pure."""
