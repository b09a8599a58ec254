"""The dearest orders."""
import boto3

client = boto3.client("dynamodb")


def dearest():
    """The numbers of the ten dearest orders."""
    pages = client.get_paginator("scan").paginate(TableName="orders")
    found = sorted(
        [order for page in pages for order in page["Items"]],
        key=lambda order: int(order["total"]["N"]),
        reverse=True,
    )[:10]
    return [order["order_id"]["S"] for order in found]
