"""Provider plugins that stand in for the clouds: a file keeps the objects, the SDK's annotations tell their shape."""
