"""Orders handed to a partner, and what went wrong."""
import boto3
from boto3.dynamodb.conditions import Key

table = boto3.resource("dynamodb").Table("orders")
failures = []


class Refused(Exception):
    """The partner takes no orders."""


def hand_on(orders):
    """The partner is away."""
    raise Refused(f"{len(orders)} orders were refused")


def export(customer_id):
    """Hands the orders of a customer on."""
    orders = table.query(KeyConditionExpression=Key("customer_id").eq(customer_id))["Items"]
    try:
        hand_on(orders)
    except Refused as error:
        failures.append(error)
    return str(failures[-1])
