"""Follows the stream of orders: one thread reads, another applies."""
import queue

import boto3

streams = boto3.client("dynamodbstreams")
backlog = queue.Queue()


def read(iterator, should_stop):
    """Hands on the records of a shard until told to stop."""
    while iterator and not should_stop():
        response = streams.get_records(ShardIterator=iterator, Limit=10)
        for record in response["Records"]:
            backlog.put(record)
        iterator = response.get("NextShardIterator")
    backlog.put(None)


def work(apply):
    """Applies records until it gets None."""
    while (record := backlog.get()) is not None:
        apply(record)
