"""Actions of the listener that check clients before a request is forwarded, and the rules of what is open."""

import pulumi_aws as aws

from providers.aws.context import AwsContext
from providers.aws.entry.sign_in import sign_in_endpoints
from providers.contract.authentication import answers_with_a_redirect, is_checked_at_entry
from providers.contract.spec import Auth, Service

SESSION_SECONDS = 12 * 3600
"""Time after which a browser signs in again: a working day; the default of the load balancer is a week."""
CHECK, FORWARD = 1, 2
"""Order of the actions of a rule."""

Action = aws.lb.ListenerRuleActionArgs


def guarded_actions(context: AwsContext, service: Service, forward: Action) -> list[Action]:
    """Return the actions of a service's route: the check of its clients, if the load balancer makes one, and the forward."""
    auth = context.spec.ingress.auth
    if auth is None or not is_checked_at_entry(context.spec, service):
        return [forward]
    check = _token_check(auth) if auth.mode == "jwt" else _sign_in(context, auth, service)
    forward.order = FORWARD
    return [check, forward]


def _token_check(auth: Auth) -> Action:
    """Signature, issuer and expiry of a token, which the load balancer always compares, and the audience."""
    lb = aws.lb
    # one value compares with a claim that is a text; a list of audiences has another format
    audience = lb.ListenerRuleActionJwtValidationAdditionalClaimArgs(
        format="single-string", name="aud", values=[auth.audience or ""]
    )
    validation = lb.ListenerRuleActionJwtValidationArgs(
        issuer=auth.issuer or "", jwks_endpoint=auth.jwks_url or "", additional_claims=[audience]
    )
    return Action(type="jwt-validation", order=CHECK, jwt_validation=validation)


def _sign_in(context: AwsContext, auth: Auth, service: Service) -> Action:
    endpoints = sign_in_endpoints(auth)
    if endpoints is None or auth.client_secret is None:
        raise ValueError("ingress.auth is incomplete, which sign_in.py refuses")
    authenticate = aws.lb.ListenerRuleActionAuthenticateOidcArgs(
        issuer=auth.issuer or "",
        authorization_endpoint=endpoints.authorization,
        token_endpoint=endpoints.token,
        user_info_endpoint=endpoints.user_info,
        client_id=auth.client_id or "",
        client_secret=context.values.secret(auth.client_secret),
        scope="openid email",
        session_timeout=SESSION_SECONDS,
        on_unauthenticated_request="authenticate" if answers_with_a_redirect(service) else "deny",
    )
    return Action(type="authenticate-oidc", order=CHECK, authenticate_oidc=authenticate)
