"""Copies the orders of a stream to the archive."""
import boto3

streams = boto3.client("dynamodbstreams")
archive = boto3.resource("dynamodb").Table("archive")


def store(records):
    """Writes records to the archive."""
    with archive.batch_writer() as batch:
        for record in records:
            batch.put_item(Item={"number": record["dynamodb"]["SequenceNumber"]})


def follow(iterator, should_stop):
    """Archives the records of a shard until told to stop."""
    records = []
    while iterator and not should_stop():
        response = streams.get_records(ShardIterator=iterator, Limit=10)
        for record in response["Records"]:
            records.append(record)
        iterator = response.get("NextShardIterator")
    store(records)
