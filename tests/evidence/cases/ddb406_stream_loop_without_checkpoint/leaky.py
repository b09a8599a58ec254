"""Copies the orders of a stream to the archive."""
import boto3

streams = boto3.client("dynamodbstreams")
archive = boto3.resource("dynamodb").Table("archive")


def store(record):
    """Writes a record to the archive."""
    archive.put_item(Item={"number": record["dynamodb"]["Keys"]["order_id"]["S"]})


def follow(arn, shard_id, stopped):
    """Archives the records of a shard until told to stop."""
    answer = streams.get_shard_iterator(StreamArn=arn, ShardId=shard_id, ShardIteratorType="LATEST")
    iterator = answer["ShardIterator"]
    while iterator and not stopped():
        response = streams.get_records(ShardIterator=iterator, Limit=100)
        for record in response["Records"]:
            store(record)
        iterator = response.get("NextShardIterator")
