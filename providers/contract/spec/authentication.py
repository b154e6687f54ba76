"""Authentication of the clients of the public entry."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from providers.contract.presets import AuthMode
from providers.contract.spec.base import Environment, SpecModel

ServiceAuth = Literal["inherit", "app", "none"]
PEM_BEGIN, PEM_END = "-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----"


def _public_key(value: str) -> str:
    text = value.strip()
    if not text.startswith(PEM_BEGIN) or not text.endswith(PEM_END):
        raise ValueError(f"is not a public key in PEM; begin it with {PEM_BEGIN}")
    return f"{text}\n"


HttpsUrl = Annotated[
    str, Field(pattern=r"^https://[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?$", max_length=400)
]
"""Address that begins with https://, without a query."""
PublicKey = Annotated[str, Field(max_length=2000), AfterValidator(_public_key)]
"""Public key in PEM."""
ClaimText = Annotated[str, Field(pattern=r"^[A-Za-z0-9._~:/@+-]+$", max_length=200)]
"""Letters, digits and . _ ~ : / @ + -."""


class SignInEndpoints(SpecModel):
    """Endpoints of an identity provider, as its discovery document lists them."""

    authorization: HttpsUrl
    """Address to which browsers are redirected to sign in."""
    token: HttpsUrl
    """Address at which the entry exchanges the code of a sign-in for tokens."""
    user_info: HttpsUrl
    """Address at which the entry reads the claims of a user."""


class Auth(SpecModel):
    """Authentication of clients, which each service with a path inherits."""

    mode: AuthMode = "api_key"
    """`api_key`: a generated bearer key that services receive; `jwt`: tokens of `issuer`; `oidc`: sign-in of browsers; `none`: no authentication."""
    issuer: HttpsUrl | None = None
    """Identity provider, exactly as the claim `iss` of its tokens writes it."""
    audience: ClaimText | None = None
    """Value that the claim `aud` of a token contains; required with `jwt`, as other applications have tokens of the same issuer."""
    jwks_url: HttpsUrl | None = None
    """Address of the issuer's public keys, from which an entry in a cloud reads them."""
    public_keys: Annotated[tuple[PublicKey, ...], Field(max_length=4)] = ()
    """Public keys of the issuer in PEM, for an entry that reads no address; list the next one too while keys rotate."""
    client_id: ClaimText | None = None
    """ID of the client that the identity provider has registered for this platform."""
    client_secret: Environment | None = None
    """Secret with the client's password; set its value with `agent-platform secret set STACK NAME`."""
    endpoints: SignInEndpoints | None = None
    """Endpoints of the identity provider, where they do not follow from the issuer."""
    allowed: tuple[ClaimText, ...] = ()
    """Users or clients that may call, in the form of the cloud: domains and groups, IDs of groups, or IDs of applications."""
