"""Control plane of Kubernetes on this machine: real etcd, API server and controllers, without nodes.

No pod runs. Custom resources are served and validated, and no operator acts on them.
"""
