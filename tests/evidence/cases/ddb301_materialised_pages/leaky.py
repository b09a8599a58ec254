"""What the open orders come to."""
import boto3

client = boto3.client("dynamodb")


def open_total():
    """The number of open orders and their sum."""
    paginator = client.get_paginator("scan")
    count = total = 0
    for page in list(paginator.paginate(TableName="orders")):
        for order in page["Items"]:
            if order["status"]["S"] == "open":
                count += 1
                total += int(order["total"]["N"])
    return count, total
