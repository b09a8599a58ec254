"""Answers "your orders" and remembers what was shown, for the support desk."""
import boto3
from boto3.dynamodb.conditions import Key

table = boto3.resource("dynamodb").Table("orders")
shown = []


def orders_of(customer_id):
    """The numbers and totals of a customer's orders."""
    response = table.query(KeyConditionExpression=Key("customer_id").eq(customer_id))
    answer = []
    for order in response["Items"]:
        shown.append(order)
        answer.append((order["order_id"], order["total"]))
    return answer


def last_shown():
    """The order that was shown last."""
    return shown[-1]["order_id"] if shown else None
