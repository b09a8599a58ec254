"""Orders of a customer since a day, with a cache of its own."""
import boto3
from boto3.dynamodb.conditions import Key

table = boto3.resource("dynamodb").Table("orders")
_cache = {}


def orders_since(customer_id, order_id):
    """The orders of a customer from an order on."""
    key = (customer_id, order_id)
    if key not in _cache:
        condition = Key("customer_id").eq(customer_id) & Key("order_id").gte(order_id)
        _cache[key] = table.query(KeyConditionExpression=condition)["Items"]
    return _cache[key]


def sums_since(customer_id, order_id):
    """How many there are, and what they come to."""
    orders = orders_since(customer_id, order_id)
    return len(orders), sum(order["total"] for order in orders)
