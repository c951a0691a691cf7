"""SageMaker, for the AWS emulator: endpoints and transform jobs that really start the serving process."""
