"""What happens when an order is placed."""
from django.dispatch import Signal

from shop import dynamo

LARGE = 100_000

order_placed = Signal()


def take_from_stock(sender, order_id, customer_id, lines, **kwargs):
    """Takes the ordered products from the stock."""
    stock = dynamo.table("stock")
    for line in lines:
        stock.update_item(
            Key={"sku": line["sku"]},
            UpdateExpression="ADD amount :q",
            ExpressionAttributeValues={":q": -line["quantity"]},
        )


class FraudWatch:
    """Remembers the customers of large orders."""

    def __init__(self):
        self.customers = dynamo.table("customers")
        self.suspects = []

    def __call__(self, sender, order_id, customer_id, lines, **kwargs):
        if sum(line["quantity"] * line["cents"] for line in lines) < LARGE:
            return False
        customer = self.customers.get_item(Key={"customer_id": customer_id}).get("Item")
        self.suspects.append(customer)
        return True


class Loyalty:
    """Raises the level of customers who have ordered ten times."""

    def __init__(self):
        self.customers = dynamo.table("customers")
        self.raised = 0

    def __call__(self, sender, order_id, customer_id, lines, **kwargs):
        response = self.customers.update_item(
            Key={"customer_id": customer_id},
            UpdateExpression="ADD orders_placed :one",
            ExpressionAttributeValues={":one": 1},
            ReturnValues="ALL_NEW",
        )
        customer = response["Attributes"]
        if customer["orders_placed"] != 10:
            return None
        self.customers.update_item(
            Key={"customer_id": customer_id},
            UpdateExpression="SET #level = :gold",
            ExpressionAttributeNames={"#level": "level"},
            ExpressionAttributeValues={":gold": "gold"},
        )
        self.raised += 1
        return "gold"


fraud_watch = FraudWatch()
loyalty = Loyalty()
