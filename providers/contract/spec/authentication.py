"""Authentication of the clients of the public entry."""

from typing import Literal

from providers.contract.spec.base import SpecModel

AuthMode = Literal["none", "api_key"]
ServiceAuth = Literal["inherit", "app", "none"]


class Auth(SpecModel):
    """Authentication of clients, which each service with a path inherits."""

    mode: AuthMode = "api_key"
    """`api_key`: one generated bearer key that services receive as a variable; `none`: no authentication."""
