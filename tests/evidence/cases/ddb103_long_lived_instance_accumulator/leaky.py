"""The order book of a shop: one object for the whole process."""
import boto3
from boto3.dynamodb.conditions import Key


class OrderBook:
    """Looks up orders and knows what was looked up."""

    def __init__(self):
        self.table = boto3.resource("dynamodb").Table("orders")
        self.looked_up = []

    def of(self, customer_id):
        """How many orders a customer has, and the last one."""
        response = self.table.query(KeyConditionExpression=Key("customer_id").eq(customer_id))
        self.looked_up.extend(response["Items"])
        return response["Count"], self.looked_up[-1]["order_id"]


book = OrderBook()


def summary(customer_id):
    """A line for the customer's page."""
    count, last = book.of(customer_id)
    return f"{count} orders, the last is {last}"
