"""Follows the order stream with one thread that reads and one that works."""
import queue
import threading

from feeds import checkpoints
from feeds.handlers import apply_order
from shop import dynamo

_orders = queue.Queue()
_archive = queue.Queue(maxsize=500)


def read_orders(client, stream_arn, shard_id, should_stop):
    """Hands the records of a shard to the worker that applies them."""
    iterator = checkpoints.start_of(client, stream_arn, shard_id)
    while iterator and not should_stop():
        response = client.get_records(ShardIterator=iterator, Limit=200)
        for record in response["Records"]:
            _orders.put(record)
            checkpoints.save(shard_id, record["dynamodb"]["SequenceNumber"])
        iterator = response.get("NextShardIterator")


def work_orders():
    """Applies records until it gets None."""
    while (record := _orders.get()) is not None:
        apply_order(record)


def read_archive(client, stream_arn, shard_id, should_stop):
    """Hands the records of a shard to the worker that archives them."""
    iterator = checkpoints.start_of(client, stream_arn, shard_id)
    while iterator and not should_stop():
        response = client.get_records(ShardIterator=iterator, Limit=200)
        for record in response["Records"]:
            _archive.put(record)
            checkpoints.save(shard_id, record["dynamodb"]["SequenceNumber"])
        iterator = response.get("NextShardIterator")


def work_archive():
    """Archives the new orders until it gets None."""
    while (record := _archive.get()) is not None:
        if record["eventName"] == "INSERT":
            dynamo.client.put_item(TableName="archive", Item=record["dynamodb"]["NewImage"])


def run_orders(client, stream_arn, shard_id, should_stop):
    """Reads and applies orders until told to stop."""
    worker = threading.Thread(target=work_orders, daemon=True)
    worker.start()
    read_orders(client, stream_arn, shard_id, should_stop)
    _orders.put(None)
    worker.join()


def run_archive(client, stream_arn, shard_id, should_stop):
    """Reads and archives orders until told to stop."""
    worker = threading.Thread(target=work_archive, daemon=True)
    worker.start()
    read_archive(client, stream_arn, shard_id, should_stop)
    _archive.put(None)
    worker.join()
