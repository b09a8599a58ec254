"""Counts the changes of orders."""
import boto3

streams = boto3.client("dynamodbstreams")


def count(iterator, should_stop):
    """How many records came until told to stop."""
    records = []
    while iterator and not should_stop():
        response = streams.get_records(ShardIterator=iterator, Limit=10)
        records.extend(response["Records"])
        iterator = response.get("NextShardIterator")
    return len(records)
