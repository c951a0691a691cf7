"""What is deployed to Azure Functions: a folder of its own, whose files lie at the top of the archive."""
