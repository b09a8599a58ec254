"""Follows the click stream in Kinesis."""
import json
import queue
from collections import Counter, deque

from feeds import checkpoints
from shop import dynamo

_views = deque(maxlen=1000)
_alerts = queue.Queue(maxsize=100)
_purchases = queue.Queue(maxsize=1000)
_searches = deque()

_latest = deque(maxlen=20)


def _records(shard_id, iterator, polls):
    client = dynamo.kinesis_client()
    while iterator and polls:
        response = client.get_records(ShardIterator=iterator, Limit=100)
        yield from response["Records"]
        if response["Records"]:
            checkpoints.save(shard_id, response["Records"][-1]["SequenceNumber"])
        iterator = response.get("NextShardIterator")
        polls -= 1


def start_of(stream, shard_id):
    """A shard iterator at the oldest click."""
    response = dynamo.kinesis_client().get_shard_iterator(
        StreamName=stream, ShardId=shard_id, ShardIteratorType="TRIM_HORIZON"
    )
    return response["ShardIterator"]


def poll_views(shard_id, iterator, polls):
    """Collects page views for `count_views`."""
    client = dynamo.kinesis_client()
    while iterator and polls:
        response = client.get_records(ShardIterator=iterator, Limit=100)
        for record in response["Records"]:
            _views.append(record)
            _latest.append(record)
            checkpoints.save(shard_id, record["SequenceNumber"])
        iterator = response.get("NextShardIterator")
        polls -= 1


def count_views():
    """How often each product has been viewed since the last call."""
    counts = Counter()
    while _views:
        record = _views.popleft()
        counts[json.loads(record["Data"])["sku"]] += 1
    return counts


def latest_views():
    """The products viewed last, newest first."""
    return [json.loads(record["Data"])["sku"] for record in reversed(_latest)]


def poll_alerts(shard_id, iterator, polls):
    """Collects clicks for `take_alerts`."""
    client = dynamo.kinesis_client()
    while iterator and polls:
        response = client.get_records(ShardIterator=iterator, Limit=100)
        for record in response["Records"]:
            try:
                _alerts.put_nowait(record)
            except queue.Full:
                pass
            checkpoints.save(shard_id, record["SequenceNumber"])
        iterator = response.get("NextShardIterator")
        polls -= 1


def take_alerts():
    """The products of the clicks that wait, oldest first."""
    skus = []
    while not _alerts.empty():
        skus.append(json.loads(_alerts.get()["Data"])["sku"])
    return skus


def poll_purchases(shard_id, iterator, polls):
    """Collects purchases for `take_purchase`; waits while the worker is behind."""
    client = dynamo.kinesis_client()
    while iterator and polls:
        response = client.get_records(ShardIterator=iterator, Limit=100)
        for record in response["Records"]:
            _purchases.put(record, timeout=30)
            checkpoints.save(shard_id, record["SequenceNumber"])
        iterator = response.get("NextShardIterator")
        polls -= 1


def take_purchase():
    """The product of the purchase that has waited longest."""
    return json.loads(_purchases.get(timeout=30)["Data"])["sku"]


def poll_searches(shard_id, iterator, polls):
    """Collects searches for `count_searches`."""
    for record in _records(shard_id, iterator, polls):
        _searches.append(record)


def count_searches():
    """How many searches there were since the last call."""
    count = 0
    while _searches:
        _searches.popleft()
        count += 1
    return count
