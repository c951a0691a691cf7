"""Rules that fire by the clock: EventBridge's rate(…) and cron(…). Knows nothing of moto or HTTP."""
