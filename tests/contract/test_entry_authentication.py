"""Authentication at the entry of the clouds: what is declared, what is refused, and what a change of the mode loses."""

from collections.abc import Mapping
from functools import cache

import pytest

from automation.cost.estimate import estimate_of
from automation.plan.inventory import Inventory, Secret
from automation.plan.spec_keys import PUBLIC_KEYS
from components.validation.parse import parse
from providers import limits, resource_traits
from providers.contract.authentication import authentication_of, sign_in_secrets
from providers.contract.diagnostics import InvalidConfiguration
from providers.contract.spec.defaults import is_list, is_mapping
from tests.automation.event_fixtures import urn_of
from tests.contract.test_client_keys import ResourceChange, find_losses
from tests.engine.fake_cloud.steps import steps
from tests.planning import DROP, plan, production, revealed

TENANT = "https://login.microsoftonline.com/acme/v2.0"
GROUP = "00000000-0000-0000-0000-00000000000a"
PAGE = {
    "app": "streamlit", "image": "page@sha256:" + "2" * 64, "path": "/page", "replicas": {"min": 2, "max": 2},
    "auth": "none",
}  # fmt: skip
OPEN: Mapping[str, object] = {"services.gateway.secrets": ["OPENAI_API_KEY"]}
JWT: Mapping[str, Mapping[str, object]] = {
    "aws": {"jwks_url": "https://login.microsoftonline.com/acme/discovery/v2.0/keys"},
    "azure": {"client_id": "agents"},
    "docker": {"public_keys": [PUBLIC_KEYS[0]]},
}
OIDC: Mapping[str, Mapping[str, object]] = {
    "aws": {"issuer": TENANT, "client_id": "agents", "client_secret": "SIGN_IN_SECRET"},
    "azure": {"issuer": TENANT, "client_id": "agents", "client_secret": "SIGN_IN_SECRET", "allowed": [GROUP]},
    "gcp": {"allowed": ["example.com", "team@example.com", "user:ada@example.com"]},
}


def with_tokens(cloud: str, **changes: object) -> dict[str, object]:
    """Production whose gateway asks for tokens; a key with None is left out."""
    auth = {"mode": "jwt", "issuer": TENANT, "audience": "api://agents", **JWT.get(cloud, {}), **changes}
    return {**OPEN, "ingress.auth": {key: value for key, value in auth.items() if value is not None}}


def with_sign_in(cloud: str, **changes: object) -> dict[str, object]:
    """Production whose page signs users in, and whose gateway answers 401 without that."""
    auth = {"mode": "oidc", **OIDC.get(cloud, {}), **changes}
    page = {"services.page": {**PAGE, "auth": "inherit"}}
    return {**OPEN, **page, "ingress.auth": {key: value for key, value in auth.items() if value is not None}}


@cache
def signing_in(cloud: str) -> Inventory:
    return plan(production(with_sign_in(cloud), cloud=cloud))


@cache
def verifying(cloud: str, public: bool = False) -> Inventory:
    paths = {"services.gateway.public_paths": ["/health", "/pictures"]} if public else {}
    return plan(production({**with_tokens(cloud), **paths}, cloud=cloud))


def test_a_load_balancer_of_aws_verifies_a_token_before_it_forwards() -> None:
    rule = verifying("aws").one("prod-ingress-gateway-route")
    actions = rule.inputs["actions"]
    assert is_list(actions)
    check, forward = actions
    assert is_mapping(check) and is_mapping(forward)
    assert (check["type"], check["order"]) == ("jwt-validation", 1)
    assert check["jwtValidation"] == {
        "issuer": TENANT,
        "jwksEndpoint": "https://login.microsoftonline.com/acme/discovery/v2.0/keys",
        "additionalClaims": [{"format": "single-string", "name": "aud", "values": ["api://agents"]}],
    }
    assert (forward["type"], forward["order"]) == ("forward", 2)


def test_preflight_requests_and_public_paths_come_before_the_route_on_aws() -> None:
    inventory = verifying("aws", public=True)
    rules = {
        each.name.removeprefix("prod-ingress-"): each.inputs
        for each in inventory.of_type("lb:ListenerRule")
        if "gateway" in each.name
    }
    assert set(rules) == {"gateway-route", "gateway-preflight", "gateway-public-health", "gateway-public-pictures"}
    priorities = {name: int(str(rule["priority"])) for name, rule in rules.items()}
    assert all(priority < 50_000 for name, priority in priorities.items() if name != "gateway-route")
    assert priorities["gateway-route"] == 50_000
    for name, rule in rules.items():
        kinds = [action["type"] for action in rule["actions"] if is_mapping(action)] if is_list(rule["actions"]) else []
        assert kinds == (["jwt-validation", "forward"] if name == "gateway-route" else ["forward"])
    assert rules["gateway-preflight"]["conditions"] == [
        {"pathPattern": {"values": ["/*"]}}, {"httpRequestMethod": {"values": ["OPTIONS"]}},
    ]  # fmt: skip
    assert rules["gateway-public-health"]["conditions"] == [{"pathPattern": {"values": ["/health"]}}]


@pytest.mark.parametrize("made", [verifying, signing_in])
def test_the_load_balancer_of_aws_reaches_the_identity_provider(made: object) -> None:
    inventory = verifying("aws") if made is verifying else signing_in("aws")
    (rule,) = [each for each in inventory.resources if each.name == "prod-network-load-balancer-to-world"]
    assert (rule.inputs["fromPort"], rule.inputs["toPort"], rule.inputs["cidrIpv4"]) == (443, 443, "0.0.0.0/0")
    keyed = plan(production(OPEN, cloud="aws"))
    assert "prod-network-load-balancer-to-world" not in {each.name for each in keyed.resources}


def test_a_network_without_outbound_access_lets_the_load_balancer_out() -> None:
    closed = {
        "network.egress": "none",
        "monitoring.prometheus": False,
        "services.gateway.image": "gateway@sha256:" + "1" * 64,
    }
    names = {each.name for each in plan(production({**with_tokens("aws"), **closed}, cloud="aws")).resources}
    parts = ("in-low-answers", "in-high-answers", "out-https")
    assert {f"prod-network-public-filter-{part}" for part in parts} <= names
    without = {each.name for each in plan(production({**OPEN, **closed}, cloud="aws")).resources}
    assert not {f"prod-network-public-filter-{part}" for part in parts} & without


def test_a_page_of_aws_redirects_to_the_sign_in_and_an_api_answers_401() -> None:
    found: dict[str, object] = {}
    for name in ("page", "gateway"):
        actions = signing_in("aws").one(f"prod-ingress-{name}-route").inputs["actions"]
        assert is_list(actions) and is_mapping(actions[0])
        found[name] = actions[0]["authenticateOidc"]
    page, gateway = found["page"], found["gateway"]
    assert is_mapping(page) and is_mapping(gateway)
    assert (page["onUnauthenticatedRequest"], gateway["onUnauthenticatedRequest"]) == ("authenticate", "deny")
    assert isinstance(page["clientSecret"], Secret)
    base = "https://login.microsoftonline.com/acme/oauth2/v2.0"
    assert (page["authorizationEndpoint"], page["tokenEndpoint"]) == (f"{base}/authorize", f"{base}/token")
    assert page["userInfoEndpoint"] == "https://graph.microsoft.com/oidc/userinfo"


def test_google_signs_in_whom_the_stack_file_allows() -> None:
    inventory = signing_in("gcp")
    for name in ("page", "gateway"):
        assert inventory.one(f"prod-entry-{name}").inputs["iap"] == {"enabled": True}
    members = [each.inputs for each in inventory.of_type("iap:WebBackendServiceIamMember")]
    assert {str(each["member"]) for each in members} == {
        "domain:example.com", "group:team@example.com", "user:ada@example.com",
    }  # fmt: skip
    assert len(members) == 6 and {each["role"] for each in members} == {"roles/iap.httpsResourceAccessor"}
    settings = inventory.of_type("iap:Settings")
    assert [each.inputs["accessSettings"] for each in settings] == [{"corsSettings": {"allowHttpOptions": True}}] * 2
    assert "iap.googleapis.com" in {each.inputs.get("service") for each in inventory.of_type("projects:Service")}


def test_the_proxy_of_google_is_off_where_nobody_signs_in() -> None:
    inventory = plan(production(OPEN, cloud="gcp"))
    backends = inventory.of_type("compute:BackendService")
    assert [backend.inputs["iap"] for backend in backends] == [{"enabled": False}]
    assert not inventory.of_type("iap:Settings")


def test_a_client_of_ones_own_signs_in_at_google() -> None:
    changes = with_sign_in("gcp", client_id="agents", client_secret="SIGN_IN_SECRET")
    proxy = plan(production(changes, cloud="gcp")).one("prod-entry-page").inputs["iap"]
    assert is_mapping(proxy) and proxy["oauth2ClientId"] == "agents"
    assert isinstance(proxy["oauth2ClientSecret"], Secret)


@pytest.mark.parametrize("made", ["tokens", "sign-in"])
def test_container_apps_check_clients_behind_front_door(made: str) -> None:
    inventory = verifying("azure", public=True) if made == "tokens" else signing_in("azure")
    configs = {each.name: each.inputs for each in inventory.of_type("app:ContainerAppsAuthConfig")}
    names = {"gateway"} if made == "tokens" else {"gateway", "page"}
    assert set(configs) == {f"prod-compute-{name}-authentication" for name in names}
    config = configs["prod-compute-gateway-authentication"]
    assert config["httpSettings"] == {"requireHttps": True, "forwardProxy": {"convention": "Standard"}}
    paths = ["/health", "/pictures"] if made == "tokens" else ["/health"]
    assert config["globalValidation"] == {"unauthenticatedClientAction": "Return401", "excludedPaths": paths}
    if made == "tokens":
        return
    page = configs["prod-compute-page-authentication"]["globalValidation"]
    assert is_mapping(page) and page["unauthenticatedClientAction"] == "RedirectToLoginPage"


def test_entra_id_knows_the_audience_and_who_is_allowed() -> None:
    def provider(inventory: Inventory) -> object:
        config = inventory.one("prod-compute-gateway-authentication").inputs["identityProviders"]
        return config["azureActiveDirectory"] if is_mapping(config) else None

    assert provider(verifying("azure", public=True)) == {
        "enabled": True,
        "registration": {"clientId": "agents", "openIdIssuer": TENANT},
        "validation": {"allowedAudiences": ["api://agents"]},
    }
    assert provider(signing_in("azure")) == {
        "enabled": True,
        "registration": {"clientId": "agents", "openIdIssuer": TENANT, "clientSecretSettingName": "sign-in-secret"},
        "validation": {"defaultAuthorizationPolicy": {"allowedPrincipals": {"groups": [GROUP]}}},
    }
    secrets = revealed(signing_in("azure").one("prod-compute-page").inputs["configuration"])
    assert is_mapping(secrets) and is_list(secrets["secrets"])
    assert {"name": "sign-in-secret", "value": "the value of every listed secret"} in secrets["secrets"]


@pytest.mark.parametrize("cloud", ["aws", "azure", "docker"])
def test_a_change_from_keys_to_tokens_and_back_loses_no_data(cloud: str) -> None:
    keyed = plan(production({**OPEN, "ingress.auth": {"mode": "api_key"}}, cloud=cloud))
    for before, after in ((keyed, verifying(cloud)), (verifying(cloud), keyed)):
        taken = steps(before, after)
        changes = [ResourceChange(urn_of(step.type, step.name), step.operation) for step in taken]
        assert taken and find_losses(changes, resource_traits(cloud).holds) == ()
        assert [step for step in taken if step.refusal] == []
    names = {each.name for each in verifying(cloud).resources}
    assert not any("SECURITY_KEY" in name for name in names)


def test_the_plan_names_what_clients_send() -> None:
    def asked(cloud: str, changes: Mapping[str, object], name: str) -> str:
        spec = parse(production(changes, cloud), "prod")
        return str(authentication_of(spec, spec.services[name]))

    assert asked("aws", with_tokens("aws"), "gateway") == f"tokens of {TENANT} at the entry"
    assert asked("azure", with_sign_in("azure"), "page") == f"sign-in of {TENANT} at the entry"
    assert asked("gcp", with_sign_in("gcp"), "page") == "sign-in at the entry"
    assert asked("gcp", {**OPEN, "services.page": PAGE}, "page") == ""
    assert asked("aws", {**OPEN}, "gateway") == "OS_SECURITY_KEY"
    own = {"services.page": {**PAGE, "auth": "app"}}
    assert asked("aws", own, "page") == "the application itself"


@pytest.mark.parametrize("cloud", ["aws", "azure", "gcp"])
def test_a_service_without_sign_in_needs_no_secret_of_it(cloud: str) -> None:
    secret = {"client_id": "agents", "client_secret": "SIGN_IN_SECRET"}
    changes = with_sign_in(cloud, **secret)
    assert sign_in_secrets(parse(production(changes, cloud), "prod")) == ("SIGN_IN_SECRET",)
    unguarded = {**changes, "services.gateway.auth": "app", "services.page": PAGE}
    assert sign_in_secrets(parse(production(unguarded, cloud), "prod")) == ()


CANARY = {"strategy": "canary", "smoke": {"path": "/ready"}}
REFUSALS: dict[str, tuple[str, Mapping[str, object], tuple[str, ...]]] = {
    "tokens without HTTPS": (
        "aws",
        {**with_tokens("aws"), "ingress.domain": DROP, "ingress.dns_zone": DROP,
         "accept_risk": {"ingress.domain": "a demo of one day"}},
        ("ingress.auth.mode: not supported on aws: jwt needs HTTPS, and without a domain the load balancer has no certificate. Set ingress.domain.",),
    ),
    "tokens without the address of the keys": (
        "aws", with_tokens("aws", jwks_url=None),
        ("ingress.auth.jwks_url: missing; the load balancer reads the issuer's keys there. Set it.",),
    ),
    "keys in the file": (
        "aws", with_tokens("aws", jwks_url=None, public_keys=[PUBLIC_KEYS[0]]),
        ("ingress.auth.public_keys: not supported on aws: the load balancer reads public keys from an address only. Set ingress.auth.jwks_url instead.",),
    ),
    "clients by ID": (
        "aws", with_tokens("aws", client_id="agents", allowed=["worker"]),
        ("ingress.auth.client_id: not supported on aws: the load balancer compares issuer and audience of a token. Remove it, and use a separate audience.",
         "ingress.auth.allowed: not supported on aws: the load balancer compares issuer and audience of a token. Remove it, and use a separate audience."),
    ),
    "a sign-in without a client": (
        "aws", with_sign_in("aws", client_id=None, client_secret=None),
        ("ingress.auth.client_id: missing; the load balancer signs users in with it. Set it as your identity provider shows it.",
         "ingress.auth.client_secret: missing; the load balancer signs users in with it. Set it as your identity provider shows it."),
    ),
    "an issuer whose endpoints are not known": (
        "aws", with_sign_in("aws", issuer="https://login.example.com/x"),
        ("ingress.auth.endpoints: missing; those of this issuer are not known. Copy them from https://login.example.com/x/.well-known/openid-configuration.",),
    ),
    "allowed users": (
        "aws", with_sign_in("aws", allowed=["example.com"]),
        ("ingress.auth.allowed: not supported on aws: the load balancer admits every user of the client. Remove it, and assign users to the client instead.",),
    ),
    "a smoke test without a token": (
        "aws", {**with_tokens("aws"), "services.gateway.rollout": CANARY},
        ('services.gateway.rollout.smoke.path: not supported on aws: smoke tests send no token, and the load balancer requires one at "/ready". List the path in services.gateway.public_paths, or use one that is listed.',),
    ),
    "a public path that is too deep": (
        "aws", {**with_tokens("aws"), "services.gateway.public_paths": ["/a/b/c/d/e/f"]},
        ('services.gateway.public_paths: not supported on aws: "/a/b/c/d/e/f" exceeds the limits of a listener rule. Use up to 5 segments and 126 characters.',),
    ),
    "tokens on google": (
        "gcp", with_tokens("gcp"),
        ("ingress.auth.mode: not supported on gcp: the load balancer verifies no token for gateway. Set services.gateway.auth to app where the code verifies tokens, or give AgentOS the issuer's keys in JWT_VERIFICATION_KEY or JWT_JWKS_FILE.",),
    ),
    "public paths behind the proxy": (
        "gcp", {**with_sign_in("gcp"), "services.gateway.public_paths": ["/health"]},
        ("services.gateway.public_paths: not supported on gcp: IAP guards a whole service, and no path of it. Move the paths to another service, or set auth to app.",),
    ),
    "no member allowed": (
        "gcp", with_sign_in("gcp", allowed=None),
        ("ingress.auth.allowed: missing; IAP admits no user without it. List domains, groups or members, such as group:team@example.com.",),
    ),
    "another kind of member": (
        "gcp", with_sign_in("gcp", allowed=["principalSet:x"]),
        ("ingress.auth.allowed: not supported on gcp: principalSet is not a kind of member that IAP admits by name. Use one of domain, group, user, serviceAccount.",),
    ),
    "another issuer on google": (
        "gcp", with_sign_in("gcp", issuer=TENANT),
        ("ingress.auth.issuer: not supported on gcp: IAP signs users in with Google accounts. Remove it, or write https://accounts.google.com.",),
    ),
    "half a client": (
        "gcp", with_sign_in("gcp", client_id="agents"),
        ("ingress.auth.client_secret: missing; a custom client has both. Set it, or remove both for the client that Google manages.",),
    ),
    "a sign-in on google without HTTPS": (
        "gcp",
        {**with_sign_in("gcp"), "ingress.domain": DROP, "ingress.dns_zone": DROP,
         "accept_risk": {"ingress.domain": "a demo of one day"}},
        ("ingress.auth.mode: not supported on gcp: IAP needs HTTPS, and without a domain the load balancer has no certificate. Set ingress.domain.",),
    ),
    "another issuer on azure": (
        "azure", with_tokens("azure", issuer="https://login.example.com/x"),
        ("ingress.auth.issuer: not supported on azure: authentication of Container Apps verifies tokens of Microsoft Entra ID only. Use https://login.microsoftonline.com/TENANT/v2.0, or set services.<name>.auth to app.",),
    ),
    "no registration on azure": (
        "azure", with_tokens("azure", client_id=None),
        ("ingress.auth.client_id: missing; authentication with Entra ID needs it. Set it as the app registration shows it.",),
    ),
    "an address of keys on azure": (
        "azure", with_tokens("azure", jwks_url="https://login.example.com/keys"),
        ("ingress.auth.jwks_url: not supported on azure: Entra ID publishes it for the issuer. Remove it.",),
    ),
    "applications by name on azure": (
        "azure", with_tokens("azure", allowed=["worker"]),
        ("ingress.auth.allowed: not supported on azure: Entra ID knows client IDs of applications as GUIDs. Copy them from the Entra admin center.",),
    ),
    "callers inside the network on azure": (
        "azure", {**with_tokens("azure"), "services.gateway.calls": [], "services.chat.calls": ["gateway"]},
        ("services.gateway.auth: not supported on azure: chat would need tokens as well: authentication guards calls inside the network too. Set services.gateway.auth to app, or split the service.",),
    ),
    "public paths with all below on azure": (
        "azure", {**with_tokens("azure"), "services.gateway.public_paths": ["/pictures/*"]},
        ("services.gateway.public_paths: not supported on azure: authentication excludes single paths, and none with everything below it. List each path.",),
    ),
    "a health path that is everything on azure": (
        "azure", {**with_tokens("azure"), "services.gateway.health.path": "/"},
        ("services.gateway.health.path: not supported on azure: Front Door probes the health path without a token, and `/` is the whole service. Set a separate path, such as /health.",),
    ),
    "a smoke test on azure": (
        "azure", {**with_tokens("azure"), "services.gateway.rollout": CANARY},
        ("services.gateway.rollout.smoke.path: not supported on azure: smoke tests send no token, and the app requires one at their path. List the path in services.gateway.public_paths.",),
    ),
    "a sign-in on docker": (
        "docker", with_sign_in("docker", issuer=TENANT),
        ("ingress.auth.mode: not supported on docker: HAProxy does not sign browsers in. Use api_key or jwt, or set services.<name>.auth to app where the application signs users in.",),
    ),
    "an address of keys on docker": (
        "docker", with_tokens("docker", public_keys=None, jwks_url="https://login.example.com/keys"),
        ("ingress.auth.jwks_url: not supported on docker: HAProxy reads public keys from files and from no address. List the keys in PEM in ingress.auth.public_keys.",),
    ),
    "no key on docker": (
        "docker", with_tokens("docker", public_keys=None),
        ("ingress.auth.public_keys: missing; HAProxy verifies signatures with it. List the public keys of the issuer in PEM.",),
    ),
    "another kind of key on docker": (
        "docker", with_tokens("docker", public_keys=["-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----"]),
        ("ingress.auth.public_keys[0]: not supported on docker: neither an RSA key nor one of the curve P-256. Use RS256 or ES256.",),
    ),
    "clients by ID on docker": (
        "docker", with_tokens("docker", client_id="agents"),
        ("ingress.auth.client_id: not supported on docker: HAProxy compares issuer and audience, and no other claim of a token. Remove it, and use a separate audience.",),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("cloud", "changes", "expected"), REFUSALS.values(), ids=REFUSALS)
def test_what_an_entry_cannot_check_is_refused(
    cloud: str, changes: Mapping[str, object], expected: tuple[str, ...]
) -> None:
    with pytest.raises(InvalidConfiguration) as refused:
        parse(production(changes, cloud), "prod")
    assert tuple(map(str, refused.value.diagnostics)) == expected


@pytest.mark.parametrize("cloud", ["aws", "gcp", "azure"])
def test_the_prices_of_the_sign_in_are_known(cloud: str) -> None:
    spec = parse(production(with_sign_in(cloud), cloud), "prod")
    estimate = estimate_of(spec, limits(cloud).region(spec), signing_in(cloud))
    unknown = " ".join(each.name for each in estimate.unknown)
    assert not [word for word in ("iap:", "AuthConfig", "ListenerRule") if word in unknown]
