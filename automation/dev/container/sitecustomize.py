"""Debugger of a service in a `dev` session: the first Python process of the service's command listens for a client.

The interpreter imports this module at its start. Later processes, such as the debugger's own, find no variable.
"""

import os
import sys

port = os.environ.pop("AGENT_PLATFORM_DEBUG_PORT", "")
if port:
    # frozen modules cause a warning only
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
    try:
        import debugpy

        debugpy.listen(("127.0.0.1", int(port)))
        print(f"[dev] the debugger listens on port {port}", flush=True)
    except Exception as error:  # the service runs without a debugger
        print(f"[dev] the debugger cannot be started: {error}", file=sys.stderr, flush=True)
