// Command search deploys an agent platform beside its own resource.
package main

import (
	"github.com/acme/pulumi-agent-platform/sdk/go/agentplatform"
	"github.com/pulumi/pulumi-random/sdk/v4/go/random"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		index, err := random.NewRandomPet(ctx, "index", nil)
		if err != nil {
			return err
		}
		platform, err := agentplatform.NewAgentPlatform(ctx, "search-"+ctx.Stack(), &agentplatform.AgentPlatformArgs{
			Cloud:   agentplatform.CloudAws,
			Aws:     &agentplatform.AwsArgs{Region: pulumi.String("us-west-2"), AccountId: pulumi.String("111122223333")},
			Profile: agentplatform.ProfileDevelopment,
			Services: agentplatform.ServiceMap{
				"gateway": agentplatform.ServiceArgs{
					App:         agentplatform.ServiceAppFastapi,
					Image:       pulumi.String("ghcr.io/acme/gateway:1.4"),
					Path:        pulumi.String("/"),
					Secrets:     pulumi.ToStringArray([]string{"OPENAI_API_KEY"}),
					Environment: pulumi.StringMap{"INDEX": index.ID()},
				},
			},
			Secrets: pulumi.StringMap{"OPENAI_API_KEY": config.RequireSecret(ctx, "openaiApiKey")},
		})
		if err != nil {
			return err
		}
		ctx.Export("url", platform.Url)
		ctx.Export("role", platform.Services.MapIndex(pulumi.String("gateway")).Identity())
		return nil
	})
}
