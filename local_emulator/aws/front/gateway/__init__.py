"""API Gateway's HTTP APIs, executed here. REST APIs (version 1) stay as moto has them: not executed."""
