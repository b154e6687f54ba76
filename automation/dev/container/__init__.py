"""Scripts that run inside the containers of a `dev` session; they import nothing of this package."""
