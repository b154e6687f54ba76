"""Agent platform beside a resource of its own, by the SDK that `pulumi package add` makes."""

import pulumi
import pulumi_random as random
from acme_agent_platform import AgentPlatform

index = random.RandomPet("index")
platform = AgentPlatform(
    f"search-{pulumi.get_stack()}",
    cloud="aws",
    aws={"region": "us-west-2", "account_id": "111122223333"},
    profile="development",
    services={
        "gateway": {
            "app": "fastapi",
            "image": "ghcr.io/acme/gateway:1.4",
            "path": "/",
            "secrets": ["OPENAI_API_KEY"],
            "environment": {"INDEX": index.id},
        },
    },
    secrets={"OPENAI_API_KEY": pulumi.Config().require_secret("openaiApiKey")},
)
pulumi.export("url", platform.url)
pulumi.export("role", platform.services["gateway"].identity)
