"""SageMaker, for the AWS emulator: endpoints and transform jobs that really start the serving process.

    contracts.py      what is to be served, as models and configurations say
    images.py         which program stands for an image
    model_data.py     from S3 to the folder that is /opt/ml/model
    process.py        a serving container as a process: start, ping, ask, stop
    fleet.py          what answers for one variant: a process that is restarted, or started on demand
    endpoint.py       an endpoint from Creating to Deleting
    runtime.py        all of them; what moto's control plane hands on to
    front/            InvokeEndpoint, its stream, its asynchronous form, and operations that moto lacks
    transform/        batch transform jobs

moto keeps models, configurations and descriptions (local_emulator/aws/moto_patches/sagemaker.py).
"""
