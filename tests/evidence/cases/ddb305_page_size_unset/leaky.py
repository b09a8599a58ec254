"""Adds up the orders of the shop."""
import boto3

client = boto3.client("dynamodb")


def total():
    """What all orders cost together."""
    paginator = client.get_paginator("scan")
    cents = 0
    for page in paginator.paginate(TableName="orders"):
        for order in page["Items"]:
            cents += int(order["total"]["N"])
    return cents
