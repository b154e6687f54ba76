"""`make up` and `make down`: the example of Pulumi.local.yaml on this machine, its images built, its state kept beside it.

    python -m automation.local up [STACK_FILE]
    python -m automation.local down

Everything that is made lies in the folder `.local`, in Docker under the stack's name, or is an image that is listed in
that folder; `down` removes just that. The stack file itself is read and never written.
"""
