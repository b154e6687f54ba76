"""Settings of a routed service and of its authentication, which other keys need to have an effect."""

ROUTED = {"services.web.path": "/"}
WITH_DOMAIN = {**ROUTED, "ingress.domain": "agents.trials.example.com"}
WITH_CERTIFICATE: dict[str, object] = {
    **WITH_DOMAIN,
    "azure.entry": "gateway",
    "ingress.certificate": {"azure": "certificates/acme-certs/agents"},
}
WITH_KEY: dict[str, object] = {**ROUTED, "ingress.auth": {"mode": "api_key"}}
LOGIN = "https://login.example.com"
PUBLIC_KEYS = tuple(
    f"-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n"
    for body in (
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEvURX0eU1duOte6B86vNzMn/1PttO"
        "9WaeIrIg4VKg4eZgLxQLEt8RJBudl+YjqyywS8jrWfcizJHyzslMWgyl1g==",
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEiwqsHNoFYpX5Mrdk8h4kjtXlkj9O"
        "i7NVcIpNUCu0m+5zTEecgYtmrD3cMnALRYE96s1JR4IB/lh1v5K5XDV7hA==",
    )
)
TOKENS: dict[str, object] = {
    **WITH_DOMAIN,
    "ingress.auth.mode": "jwt",
    "ingress.auth.issuer": "https://login.microsoftonline.com/acme/v2.0",
    "ingress.auth.audience": "api://agents",
    "ingress.auth.jwks_url": "https://login.microsoftonline.com/acme/discovery/v2.0/keys",
    "ingress.auth.client_id": None,
}
"""Tokens in the form of AWS; what other clouds lack or refuse is a key of the context too."""
WITH_PUBLIC_KEY: dict[str, object] = {"ingress.auth.public_keys": [PUBLIC_KEYS[0]]}
SIGN_IN: dict[str, object] = {
    **WITH_DOMAIN,
    "ingress.auth.mode": "oidc",
    "ingress.auth.issuer": "https://login.microsoftonline.com/acme/v2.0",
    "ingress.auth.client_id": "agents",
    "ingress.auth.client_secret": "SIGN_IN_SECRET",
}
ENDPOINTS = {"authorization": f"{LOGIN}/authorize", "token": f"{LOGIN}/token", "user_info": f"{LOGIN}/userinfo"}
WITH_ENDPOINTS: dict[str, object] = {**SIGN_IN, "ingress.auth.allowed": [], "ingress.auth.endpoints": ENDPOINTS}
GOOGLE_SIGN_IN: dict[str, object] = {
    **SIGN_IN,
    "ingress.auth.issuer": "https://accounts.google.com",
    "ingress.auth.allowed": ["example.com"],
}
