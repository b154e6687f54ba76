"""The contract between neutral code and the clouds: spec in, results out."""
