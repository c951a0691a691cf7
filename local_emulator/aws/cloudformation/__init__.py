"""CloudFormation's deployments: templates become calls to the emulator's own services, or roll back.

moto keeps stacks, change sets, parameters, conditions and intrinsic functions; what creates, updates and
deletes resources is ours. A resource type speaks to the emulator as any client does, over its endpoint, so
a template meets the same checks as a direct call.
"""
