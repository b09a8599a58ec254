"""Follows the changes of orders from shard to shard."""
import boto3

streams = boto3.client("dynamodbstreams")


def follow(arn, stopped, handle):
    """Hands each change on until told to stop."""
    positions = {}
    while not stopped():
        shards = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
        for shard in shards:
            shard_id = shard["ShardId"]
            if shard_id not in positions:
                found = streams.get_shard_iterator(
                    StreamArn=arn, ShardId=shard_id, ShardIteratorType="TRIM_HORIZON"
                )
                positions[shard_id] = {"iterator": found["ShardIterator"], "last": None}
            position = positions[shard_id]
            response = streams.get_records(ShardIterator=position["iterator"], Limit=100)
            for record in response["Records"]:
                handle(record)
                position["last"] = record
            position["iterator"] = response["NextShardIterator"]
