"""Azure: the directory and subscription that the provider works in, and whether the login may see that subscription.

The SDK has no function for what Container Apps may allocate, so quotas are looked up by hand.
"""

from collections.abc import Mapping

import pulumi
import pulumi_azure_native as azure_native

from automation.engine.clouds.questions import Answer, QueryTarget, Question


def provider(place: QueryTarget) -> pulumi.ProviderResource:
    """See `Asked.provider`."""
    return azure_native.Provider("doctor", subscription_id=place.account, tenant_id=place.tenant, location=place.region)


def questions(place: QueryTarget) -> Mapping[str, Question]:
    """See `Asked.questions`; `subscriptions` asks Azure itself, where `identity` repeats the provider's settings."""

    def identity(opts: pulumi.InvokeOptions) -> Answer:
        found = azure_native.authorization.get_client_config(opts=opts)
        principal = f"object {found.object_id}"
        return {"account": found.subscription_id, "tenant": found.tenant_id, "principal": principal}

    def subscriptions(opts: pulumi.InvokeOptions) -> Answer:
        told = azure_native.authorization.list_subscriptions(opts=opts)
        seen = any((one.subscription_id or "").lower() == place.account.lower() for one in told.value or [])
        return {"seen": float(seen), "whole": float(not told.next_link)}

    return {"identity": identity, "subscriptions": subscriptions}
