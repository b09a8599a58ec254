"""Totals of orders, with the latest orders in memory."""
import boto3
from cachetools import LRUCache

table = boto3.resource("dynamodb").Table("orders")
recent = LRUCache(maxsize=500)


def order(customer_id, order_id):
    """An order, from memory or from the table."""
    key = (customer_id, order_id)
    if key not in recent:
        recent[key] = table.get_item(Key={"customer_id": customer_id, "order_id": order_id})["Item"]
    return recent[key]


def total(customer_id, order_id):
    """What an order comes to, and how it stands."""
    found = order(customer_id, order_id)
    return found["total"], found["status"]
