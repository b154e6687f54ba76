"""State of Docker stacks on this machine, and `make up` and `make down`, which deploy one of them with its addresses.

    python -m automation.local up [STACK_FILE]
    python -m automation.local down [STACK_FILE]

`up` is `agent-platform up` on the stack of the file, and waits until its entry answers. Everything is in the folder `.local`
beside the file, in Docker under the stack's name, or is an image that the record in that folder lists.
"""
