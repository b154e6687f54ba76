"""Rules over several keys of a spec, and the messages for values of the wrong shape."""
