"""Component provider: `AgentPlatform` for Pulumi programs in every language (docs/adr/0060-serve-the-component-to-other-languages.md)."""
