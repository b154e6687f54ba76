"""Build backend that names the Python version which the package needs; requirements.txt installs it with an older one."""

import sys

sys.exit("agent-platform needs Python 3.11 or newer on PATH, and this is Python {}.{}".format(*sys.version_info[:2]))
