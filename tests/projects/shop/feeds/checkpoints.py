"""How far each shard has been read."""
from shop import dynamo


def load(shard_id):
    """The last sequence number that was handled, or None."""
    item = dynamo.table("checkpoints").get_item(Key={"shard_id": shard_id}).get("Item")
    return item["sequence"] if item else None


def save(shard_id, sequence):
    """Stores the last sequence number that was handled."""
    dynamo.table("checkpoints").put_item(Item={"shard_id": shard_id, "sequence": sequence})


def start_of(client, stream_arn, shard_id):
    """A shard iterator that goes on after the checkpoint."""
    sequence = load(shard_id)
    position = {"ShardIteratorType": "TRIM_HORIZON"}
    if sequence:
        position = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": sequence}
    response = client.get_shard_iterator(StreamArn=stream_arn, ShardId=shard_id, **position)
    return response["ShardIterator"]
