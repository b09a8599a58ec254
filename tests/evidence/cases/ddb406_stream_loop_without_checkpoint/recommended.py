"""Copies the orders of a stream to the archive."""
import boto3

streams = boto3.client("dynamodbstreams")
archive = boto3.resource("dynamodb").Table("archive")
checkpoints = boto3.resource("dynamodb").Table("checkpoints")


def store(record):
    """Writes a record to the archive."""
    archive.put_item(Item={"number": record["dynamodb"]["Keys"]["order_id"]["S"]})


def start_of(arn, shard_id):
    """Where the last run ended, or the oldest record."""
    last = checkpoints.get_item(Key={"shard": shard_id}).get("Item")
    where = {"ShardIteratorType": "TRIM_HORIZON"}
    if last:
        where = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": last["sequence"]}
    return streams.get_shard_iterator(StreamArn=arn, ShardId=shard_id, **where)["ShardIterator"]


def follow(arn, shard_id, stopped):
    """Archives the records of a shard until told to stop."""
    iterator = start_of(arn, shard_id)
    while iterator and not stopped():
        response = streams.get_records(ShardIterator=iterator, Limit=100)
        for record in response["Records"]:
            store(record)
        if response["Records"]:
            sequence = response["Records"][-1]["dynamodb"]["SequenceNumber"]
            checkpoints.put_item(Item={"shard": shard_id, "sequence": sequence})
        iterator = response.get("NextShardIterator")
