"""Orders of a customer since a day, cached."""
from functools import lru_cache

import boto3
from boto3.dynamodb.conditions import Key

table = boto3.resource("dynamodb").Table("orders")


@lru_cache(maxsize=None)
def orders_since(customer_id, order_id):
    """The orders of a customer from an order on."""
    condition = Key("customer_id").eq(customer_id) & Key("order_id").gte(order_id)
    return table.query(KeyConditionExpression=condition)["Items"]


def sums_since(customer_id, order_id):
    """How many there are, and what they come to."""
    orders = orders_since(customer_id, order_id)
    return len(orders), sum(order["total"] for order in orders)
