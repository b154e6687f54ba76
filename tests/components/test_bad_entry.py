"""Faulty settings of the public entry and of metrics: one line each, with key, problem and fix."""

from collections.abc import Mapping

import pytest

from components.validation.parse import parse
from providers.contract.diagnostics import InvalidConfiguration
from tests.planning import DROP, production

PAGE = {"app": "streamlit", "image": "page@sha256:" + "2" * 64, "path": "/page", "replicas": {"min": 2, "max": 2}}
ERRORS: dict[str, tuple[Mapping[str, object], str]] = {
    "both forms of the rate limit": (
        {"ingress.rate_limit_per_minute": 300},
        "ingress.rate_limit_per_minute: `ingress.rate_limit.per_address` is set too. Keep one of the two.",
    ),
    "a limit of a path that is not lower": (
        {"ingress.rate_limit.paths": [{"prefix": "/agents", "per_address": 600}]},
        'ingress.rate_limit.paths: 600 for "/agents" is not less than 600, which is reached first. Lower it, or raise ingress.rate_limit.per_address.',
    ),
    "limits of paths that overlap": (
        {"ingress.rate_limit.paths": [{"prefix": "/a", "per_address": 60}, {"prefix": "/a/b", "per_address": 30}]},
        'ingress.rate_limit.paths: "/a/b" and "/a" are parts of each other. Keep one of the two.',
    ),
    "a limit of a path without a route": (
        {
            "services.gateway.path": "/agents",
            "ingress.rate_limit.paths": [{"prefix": "/chat", "per_address": 60}],
        },
        'ingress.rate_limit.paths: no route leads to "/chat". Write the path as clients request it, or remove it.',
    ),
    "a WAF that is neither a switch nor a mapping": (
        {"ingress.waf": "block"},
        'ingress.waf: must be true, false or a mapping, not "block". Write true or false without quotes, or keys and values.',
    ),
    "an unknown key of the WAF": (
        {"ingress.waf": {"promts": ["/chat"]}},
        "ingress.waf.promts: unknown key (did you mean prompts). Use exclude_rules, mode or prompts.",
    ),
    "prompts everywhere in production": (
        {"ingress.waf": {"prompts": ["/*"]}},
        'ingress.waf.prompts: no body of any request is inspected. Name the paths that take prompts, or accept it by `accept_risk: {"ingress.waf.prompts": "<reason>"}`.',
    ),
    "prompts on a path without a route": (
        {"services.gateway.path": "/agents", "ingress.waf": {"prompts": ["/chat"]}},
        'ingress.waf.prompts: no route leads to "/chat". Write the path as clients request it, or remove it.',
    ),
    "a WAF that only counts in production": (
        {"ingress.waf": {"mode": "count"}},
        'ingress.waf.mode: known attacks are counted and not blocked. Set it to block, or accept it by `accept_risk: {"ingress.waf.mode": "<reason>"}`.',
    ),
    "a certificate without a domain": (
        {
            "ingress.domain": DROP,
            "ingress.certificate": {"azure": "group/vault/agents"},
            "accept_risk": {"ingress.domain": "a trial of two weeks"},
        },
        "ingress.certificate: no effect without `ingress.domain`, whose certificate it is. Set the domain, or remove the certificate.",
    ),
    "a certificate by its address": (
        {"ingress.certificate": {"azure": "https://acme-certs.vault.azure.net/secrets/agents"}},
        'ingress.certificate.azure: "https://acme-certs.vault.azure.net/secrets/agents" has the wrong form. Correct it: certificate in a Key Vault of the subscription as <resource group>/<vault>/<certificate>, for `azure.entry: gateway`.',
    ),
    "a stream through Front Door": (
        {"cloud": "azure", "services.gateway.streaming": True},
        'services.gateway.streaming: the vendor documents no streams through this entry: a response may arrive at its end, as a whole. Set azure.entry to gateway, or accept it by `accept_risk: {"services.gateway.streaming": "<reason>"}`.',
    ),
    "an unknown mode of authentication": (
        {"ingress.auth": {"mode": "basic"}},
        'ingress.auth.mode: "basic" is not one of the allowed values. Use none, api_key, jwt or oidc.',
    ),
    "authentication of a private service": (
        {"services.chat.auth": "app"},
        "services.chat.auth: the service has no `path`, so the entry forwards nothing to it. Remove auth, or set the path.",
    ),
    "a key of people with browsers": (
        {"ingress.auth": {"mode": "api_key"}, "services.page": PAGE},
        "services.page.auth: streamlit has users with browsers, which send no key. Set it to app or none.",
    ),
    "the key in clear text": (
        {"services.gateway.secrets": [], "services.gateway.environment": {"OS_SECURITY_KEY": "${OS_SECURITY_KEY}"}},
        "services.gateway.environment.OS_SECURITY_KEY: the key of clients in clear text. Remove it, or list OS_SECURITY_KEY under services.gateway.secrets and run `agent-platform secret set`.",
    ),
    "public paths of a private service": (
        {"services.chat.public_paths": ["/health"]},
        "services.chat.public_paths: the service has no `path`, so the entry forwards nothing to it. Remove public_paths, or set the path.",
    ),
    "public paths without authentication": (
        {"services.chat.path": "/chat", "services.chat.auth": "none", "services.chat.public_paths": ["/chat/x"]},
        "services.chat.public_paths: no effect with `auth: none`, with which the entry forwards every request. Remove it.",
    ),
    "a public path twice": (
        {"services.gateway.public_paths": ["/health", "/health"]},
        'services.gateway.public_paths: "/health" is listed twice. List it once.',
    ),
    "a public path that is everything": (
        {"services.gateway.public_paths": ["/"]},
        'services.gateway.public_paths: "/" opens the service to every client. Name single paths, or set services.gateway.auth to none.',
    ),
    "a public path with everything below": (
        {"services.gateway.public_paths": ["/*"]},
        'services.gateway.public_paths: "/*" opens the service to every client. Name single paths, or set services.gateway.auth to none.',
    ),
    "a public path that is the whole service": (
        {"services.gateway.path": "/agents", "services.gateway.public_paths": ["/agents/*"]},
        'services.gateway.public_paths: "/agents/*" opens the service to every client. Name single paths, or set services.gateway.auth to none.',
    ),
    "a public path of another service": (
        {"services.chat.path": "/api", "services.chat.auth": "app", "services.gateway.public_paths": ["/api/health"]},
        'services.gateway.public_paths: "/api/health" is a path of chat. List it under services.chat.public_paths.',
    ),
    "a public path that no route leads to": (
        {"services.gateway.path": "/agents", "services.gateway.public_paths": ["/health"]},
        'services.gateway.public_paths: no route leads to "/health"; the paths of the service begin with "/agents". Write the path as clients request it, or remove it.',
    ),
    "a public path that is closed": (
        {"services.gateway.public_paths": ["/docs/*"]},
        'services.gateway.public_paths: the entry closes "/docs/*", and answers it with 404. Remove it, or leave the path out of closed_paths.',
    ),
    "a public path with a wildcard inside": (
        {"services.gateway.public_paths": ["/agents/*/runs"]},
        'services.gateway.public_paths[0]: "/agents/*/runs" has the wrong form. Correct it: paths that the entry forwards without authentication, `/*` at the end for all below.',
    ),
    "a closed path of another service": (
        {"services.chat.path": "/api", "services.gateway.closed_paths": ["/api/internal"]},
        'services.gateway.closed_paths: "/api/internal" is a path of chat. List it under services.chat.closed_paths.',
    ),
    "a closed path that no route leads to": (
        {"services.gateway.path": "/agents", "services.gateway.closed_paths": ["/internal"]},
        'services.gateway.closed_paths: no route leads to "/internal"; the paths of the service begin with "/agents". Write the path as clients request it, or remove it.',
    ),
    "a closed path that is the service's own": (
        {"services.gateway.path": "/agents", "services.gateway.closed_paths": ["/agents"]},
        'services.gateway.closed_paths: "/agents" closes "/agents", the path of gateway. Use a path below it, or remove `path` from a service that is not public.',
    ),
    "a closed path above another route": (
        {"services.chat.path": "/internal/chat", "services.gateway.closed_paths": ["/internal"]},
        'services.gateway.closed_paths: "/internal" closes "/internal/chat", the path of chat. Use a path below it, or remove `path` from a service that is not public.',
    ),
    "a closed path of a private service": (
        {"services.worker.closed_paths": ["/docs"]},
        "services.worker.closed_paths: the service has no `path`, so the entry forwards nothing to it. Remove closed_paths, or set the path.",
    ),
    "a closed path twice": (
        {"services.gateway.closed_paths": ["/internal", "/internal"]},
        'services.gateway.closed_paths: "/internal" is listed twice. List it once.',
    ),
    "metrics with an unknown key": (
        {"services.chat.metrics": {"porrt": 9464}},
        "services.chat.metrics.porrt: unknown key (did you mean port). Use path or port.",
    ),
    "metrics with a port in quotes": (
        {"services.chat.metrics": {"port": "9464"}},
        'services.chat.metrics.port: must be a whole number, not "9464". Write a whole number without quotes.',
    ),
    "metrics at the path of the service": (
        {"services.gateway.path": "/agents", "services.gateway.metrics": {"path": "/agents"}},
        'services.gateway.metrics.path: "/agents" closes "/agents", the path of gateway. Use a path below it, or remove `path` from a service that is not public.',
    ),
}


@pytest.mark.parametrize("mistake", ERRORS)
def test_a_mistake_is_one_line(mistake: str) -> None:
    changes, expected = ERRORS[mistake]
    with pytest.raises(InvalidConfiguration) as invalid:
        parse(production(changes), "prod")
    assert expected in [str(diagnostic) for diagnostic in invalid.value.diagnostics]
