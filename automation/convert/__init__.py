"""Stack files from projects of other tools: Docker Compose, CloudFormation, AWS Copilot and Agno's infrastructure."""
