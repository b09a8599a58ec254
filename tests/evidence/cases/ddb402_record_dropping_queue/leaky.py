"""Follows the stream of orders: one thread reads, another applies."""
import time
from collections import deque

import boto3

streams = boto3.client("dynamodbstreams")
backlog = deque(maxlen=100)


def read(iterator, should_stop):
    """Hands on the records of a shard until told to stop."""
    while iterator and not should_stop():
        response = streams.get_records(ShardIterator=iterator, Limit=100)
        for record in response["Records"]:
            backlog.append(record)
        iterator = response.get("NextShardIterator")


def work(apply, should_stop):
    """Applies records until told to stop."""
    while not should_stop():
        if backlog:
            apply(backlog.popleft())
        else:
            time.sleep(0.01)
