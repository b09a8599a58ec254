"""The tables that the cases read: orders of about 2 KB under a customer."""
import os
import urllib.request

import boto3


def empty():
    """Forgets every table of the server."""
    request = urllib.request.Request(os.environ["AWS_ENDPOINT_URL"] + "/moto-api/reset", method="POST")
    urllib.request.urlopen(request, timeout=60).read()


def orders(customers=20, each=25, stream=False):
    """Creates the table `orders` with `each` orders for each of the customers c0, c1, …"""
    create("orders", ["customer_id", "order_id"], stream)
    put("orders", (order(f"c{customer}", number) for customer in range(customers) for number in range(each)))


def create(name, keys, stream=False):
    """Creates a table; the second key is the range key."""
    streamed = {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}}
    boto3.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, ["HASH", "RANGE"])],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
        BillingMode="PAY_PER_REQUEST",
        **(streamed if stream else {}),
    )


def put(name, items):
    """Writes items to a table."""
    with boto3.resource("dynamodb").Table(name).batch_writer() as batch:
        for item in items:
            batch.put_item(Item=item)


def order(customer_id, number):
    """One order; about 2 KB."""
    return {
        "customer_id": customer_id,
        "order_id": f"o{number:06}",
        "status": "open" if number % 5 else "paid",
        "total": 100 + number,
        "text": f"{number:06} " + "x" * 1900,
    }


def shard(table="orders"):
    """The stream of a table, as the arn and the id of its only shard."""
    client = boto3.client("dynamodbstreams")
    arn = client.list_streams(TableName=table)["Streams"][0]["StreamArn"]
    description = client.describe_stream(StreamArn=arn)["StreamDescription"]
    return arn, description["Shards"][0]["ShardId"]


def start_of(table="orders"):
    """An iterator at the oldest record of a table's stream."""
    arn, shard_id = shard(table)
    answer = boto3.client("dynamodbstreams").get_shard_iterator(
        StreamArn=arn, ShardId=shard_id, ShardIteratorType="TRIM_HORIZON"
    )
    return answer["ShardIterator"]


def records_of(table="orders"):
    """The numbers of all records of a table's stream."""
    client = boto3.client("dynamodbstreams")
    iterator = start_of(table)
    numbers = []
    while True:
        answer = client.get_records(ShardIterator=iterator, Limit=1000)
        if not answer["Records"]:
            return numbers
        numbers += [record["dynamodb"]["SequenceNumber"] for record in answer["Records"]]
        iterator = answer["NextShardIterator"]
