"""`make up` and `make down`: the example of Pulumi.local.yaml on this machine, with its images and state.

    python -m automation.local up [STACK_FILE]
    python -m automation.local down

Everything is in the folder `.local`, in Docker under the stack's name, or is an image listed in that folder, and `down`
removes exactly that. The stack file is read and never written.
"""
