"""What holds something on this machine, and which image a copy runs.

A copy is made anew for every change and must be well before the old one goes, so a copy that exists is the one that was
asked for.
"""

from providers.contract.operations import Operations, Running, Stateful

OPERATIONS = Operations(
    stateful=(
        Stateful("docker:index/volume:Volume", "what the database, the cache, the object store or Prometheus wrote"),
        Stateful("tls:index/privateKey:PrivateKey", "a key that clients of the entry were told to trust"),
    ),
    running=(Running("docker:index/container:Container", "image", "image", wanted_in="inputs"),),
)
