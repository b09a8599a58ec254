"""A customer and the orders of that customer."""
from functools import lru_cache

import boto3
from boto3.dynamodb.conditions import Key

table = boto3.resource("dynamodb").Table("orders")


class Customer:
    """Made for each request."""

    def __init__(self, customer_id):
        self.customer_id = customer_id

    @lru_cache(maxsize=None)
    def orders(self):
        """All orders of the customer."""
        condition = Key("customer_id").eq(self.customer_id)
        return table.query(KeyConditionExpression=condition)["Items"]

    def open_orders(self):
        """The numbers of those that are not paid."""
        return [order["order_id"] for order in self.orders() if order["status"] == "open"]

    def total(self):
        """What all orders come to."""
        return sum(order["total"] for order in self.orders())


def account_page(customer_id):
    """What the page of a customer shows."""
    customer = Customer(customer_id)
    return customer.open_orders(), customer.total()
