"""Follows the stream of orders: one thread reads, another applies."""
import queue

import boto3

streams = boto3.client("dynamodbstreams")
backlog = queue.Queue(maxsize=100)


def read(iterator, should_stop):
    """Hands on the records of a shard until told to stop."""
    while iterator and not should_stop():
        response = streams.get_records(ShardIterator=iterator, Limit=100)
        for record in response["Records"]:
            try:
                backlog.put_nowait(record)
            except queue.Full:
                pass
        iterator = response.get("NextShardIterator")
    backlog.put(None)


def work(apply):
    """Applies records until it gets None."""
    while (record := backlog.get()) is not None:
        apply(record)
