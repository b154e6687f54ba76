"""Pages of HTML: one file each, without scripts or requests, from templates that escape everything."""
