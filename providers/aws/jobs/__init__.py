"""Scheduled jobs on AWS: EventBridge Scheduler starts a Step Functions state machine, which runs an ECS task."""
