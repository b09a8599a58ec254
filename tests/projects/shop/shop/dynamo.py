"""The clients and tables that all apps share."""
from functools import cache

import boto3
from botocore.config import Config
from django.conf import settings

CONFIG = Config(max_pool_connections=32, retries={"max_attempts": 4, "mode": "standard"})

client = boto3.client("dynamodb", region_name=settings.AWS_REGION, config=CONFIG)


@cache
def resource():
    """The DynamoDB resource of this process."""
    return boto3.resource("dynamodb", region_name=settings.AWS_REGION, config=CONFIG)


@cache
def streams_client():
    """The client of DynamoDB streams."""
    return boto3.client("dynamodbstreams", region_name=settings.AWS_REGION, config=CONFIG)


@cache
def kinesis_client():
    """The client of the click stream."""
    return boto3.client("kinesis", region_name=settings.AWS_REGION, config=CONFIG)


def table(name):
    """The table called `name`."""
    return resource().Table(name)
