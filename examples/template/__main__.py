"""Agent platform on AWS with one FastAPI service and a database; docs/configuration.md describes every key of the spec."""

import pulumi

from agent_platform import AgentPlatform

config = pulumi.Config()
stack = pulumi.get_stack()
platform = AgentPlatform(
    f"agents-{stack}",
    {
        "cloud": "aws",
        "aws": {"region": pulumi.Config("aws").require("region"), "account_id": config.require("accountId")},
        "profile": "development",
        "services": {
            "gateway": {
                "app": "fastapi",
                "image": config.require("image"),
                "path": "/",
                "uses": ["database"],
            },
        },
        "database": {},
    },
)
pulumi.export("url", platform.outputs["url"])
