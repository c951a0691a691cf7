"""What is deployed: the app's files, host.json and app settings."""
