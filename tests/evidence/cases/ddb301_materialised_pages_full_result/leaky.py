"""What the open orders come to."""
import boto3

client = boto3.client("dynamodb")


def open_total():
    """The sum of the open orders."""
    result = client.get_paginator("scan").paginate(TableName="orders").build_full_result()
    total = 0
    for order in result["Items"]:
        if order["status"]["S"] == "open":
            total += int(order["total"]["N"])
    return total
