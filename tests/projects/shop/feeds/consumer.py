"""Follows the stream of the order table."""
import logging
import time
from collections import deque

from feeds import checkpoints
from feeds.handlers import apply_order, apply_orders

logger = logging.getLogger(__name__)

LATEST = deque(maxlen=50)


def latest_orders():
    """The ids of the orders that came last, newest first."""
    return [record["dynamodb"]["Keys"]["order_id"]["S"] for record in reversed(LATEST)]


class OrderStreamConsumer:
    """Reads one shard until it closes or the process is told to stop."""

    batch_size = 100

    def __init__(self, client, stream_arn, shard_id, should_stop, seconds=1.0):
        self.client = client
        self.stream_arn = stream_arn
        self.shard_id = shard_id
        self.should_stop = should_stop
        self.seconds = seconds

    def run(self):
        """Applies each order as it comes and returns how many there were."""
        applied = []
        iterator = checkpoints.start_of(self.client, self.stream_arn, self.shard_id)
        while iterator and not self.should_stop():
            response = self.client.get_records(ShardIterator=iterator, Limit=100)
            for record in response["Records"]:
                applied.append(apply_order(record))
                checkpoints.save(self.shard_id, record["dynamodb"]["SequenceNumber"])
            iterator = response.get("NextShardIterator")
            time.sleep(self.seconds)
        logger.info("applied %d records", len(applied))
        return len(applied)

    def run_in_batches(self):
        """Applies orders a hundred at a time and returns how many there were."""
        count = 0
        batch = []
        iterator = checkpoints.start_of(self.client, self.stream_arn, self.shard_id)
        while iterator and not self.should_stop():
            response = self.client.get_records(ShardIterator=iterator, Limit=100)
            batch.extend(response["Records"])
            if len(batch) >= self.batch_size or not response["Records"]:
                count += self._flush(batch)
                batch = []
            iterator = response.get("NextShardIterator")
            time.sleep(self.seconds)
        return count + self._flush(batch)

    def _flush(self, batch):
        if batch:
            apply_orders(batch)
            LATEST.extend(batch)
            checkpoints.save(self.shard_id, batch[-1]["dynamodb"]["SequenceNumber"])
        return len(batch)


def follow_removals(client, stream_arn, shard_id, should_stop, seconds=1.0):
    """Logs the orders that are deleted while it runs and returns their ids."""
    records = []
    iterator = checkpoints.start_of(client, stream_arn, shard_id)
    while iterator and not should_stop():
        response = client.get_records(ShardIterator=iterator, Limit=100)
        records.extend(response["Records"])
        if response["Records"]:
            checkpoints.save(shard_id, response["Records"][-1]["dynamodb"]["SequenceNumber"])
        iterator = response.get("NextShardIterator")
        time.sleep(seconds)
    removed = [record for record in records if record["eventName"] == "REMOVE"]
    return [record["dynamodb"]["Keys"]["order_id"]["S"] for record in removed]
