import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { AgentPlatform } from "@acme/agent-platform";

const index = new random.RandomPet("index");
const platform = new AgentPlatform(`search-${pulumi.getStack()}`, {
    cloud: "aws",
    aws: { region: "us-west-2", accountId: "111122223333" },
    profile: "development",
    services: {
        gateway: {
            app: "fastapi",
            image: "ghcr.io/acme/gateway:1.4",
            path: "/",
            secrets: ["OPENAI_API_KEY"],
            environment: { INDEX: index.id },
        },
    },
    secrets: { OPENAI_API_KEY: new pulumi.Config().requireSecret("openaiApiKey") },
});

export const url = platform.url;
export const role = platform.services.apply((services) => services.gateway.identity);
