"""Azure: tenant and subscription of the provider, and whether the login has access to that subscription.

The SDK has no function for the quotas of Container Apps, so these are not queried.
"""

from collections.abc import Mapping

import pulumi
import pulumi_azure_native as azure_native

from automation.engine.clouds import Answer, Query
from automation.engine.target import CloudTarget


def provider(target: CloudTarget) -> pulumi.ProviderResource:
    """Implement `CloudQueries.provider`."""
    return azure_native.Provider(
        "doctor", subscription_id=target.account, tenant_id=target.tenant, location=target.region
    )


def queries(target: CloudTarget) -> Mapping[str, Query]:
    """Implement `CloudQueries.queries`.

    `identity` returns the settings of the provider, so `subscriptions` lists what the login has access to.
    """

    def identity(opts: pulumi.InvokeOptions) -> Answer:
        client = azure_native.authorization.get_client_config(opts=opts)
        principal = f"object {client.object_id}"
        return {"account": client.subscription_id, "tenant": client.tenant_id, "principal": principal}

    def subscriptions(opts: pulumi.InvokeOptions) -> Answer:
        page = azure_native.authorization.list_subscriptions(opts=opts)
        listed = any((each.subscription_id or "").lower() == target.account.lower() for each in page.value or [])
        return {"listed": float(listed), "complete": float(not page.next_link)}

    return {"identity": identity, "subscriptions": subscriptions}
