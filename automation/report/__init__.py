"""Report of a stack: one page with picture, reach, secrets, data, failures, audit and cost, and the evidence as a bundle."""
