"""The host's HTTP front: routes, keys, the admin API and the webhooks."""
