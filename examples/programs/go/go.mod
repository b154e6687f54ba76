module search

go 1.25

require (
	github.com/pulumi/pulumi-random/sdk/v4 v4.21.2
	github.com/pulumi/pulumi/sdk/v3 v3.274.1
)
