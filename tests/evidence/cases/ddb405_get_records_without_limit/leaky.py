"""Adds up the orders of a stream."""
import boto3

streams = boto3.client("dynamodbstreams")


def follow(iterator, stopped):
    """What the orders of a shard cost together, until told to stop."""
    cents = 0
    while iterator and not stopped(cents):
        response = streams.get_records(ShardIterator=iterator)
        for record in response["Records"]:
            cents += int(record["dynamodb"]["NewImage"]["total"]["N"])
        iterator = response.get("NextShardIterator")
    return cents
