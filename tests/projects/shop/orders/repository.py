"""Reads and writes of the order table."""
from boto3.dynamodb.conditions import Attr, Key

from shop import dynamo


class OrderRepository:
    """The orders of all customers."""

    def __init__(self):
        self._table = dynamo.table("orders")

    def put(self, order):
        """Stores an order."""
        self._table.put_item(Item=order)

    def get(self, customer_id, order_id):
        """One order, or None."""
        key = {"customer_id": customer_id, "order_id": order_id}
        return self._table.get_item(Key=key, ConsistentRead=True).get("Item")

    def of_customer(self, customer_id):
        """All orders of a customer, oldest first."""
        condition = Key("customer_id").eq(customer_id)
        response = self._table.query(KeyConditionExpression=condition, Limit=100)
        orders = response["Items"]
        while "LastEvaluatedKey" in response:
            response = self._table.query(
                KeyConditionExpression=condition,
                Limit=100,
                ExclusiveStartKey=response["LastEvaluatedKey"],
            )
            orders.extend(response["Items"])
        return orders

    def open_orders(self):
        """All orders that have not been sent."""
        found = []
        arguments = {"FilterExpression": Attr("status").eq("open"), "Limit": 100}
        while True:
            response = self._table.scan(**arguments)
            found += response["Items"]
            last = response.get("LastEvaluatedKey")
            if not last:
                break
            arguments["ExclusiveStartKey"] = last
        return found

    def each_of_customer(self, customer_id):
        """The orders of a customer, oldest first, one after the other."""
        arguments = {"KeyConditionExpression": Key("customer_id").eq(customer_id), "Limit": 100}
        while True:
            response = self._table.query(**arguments)
            yield from response["Items"]
            if "LastEvaluatedKey" not in response:
                return
            arguments["ExclusiveStartKey"] = response["LastEvaluatedKey"]

    def spent_by(self, customer_id):
        """What a customer has paid in all, in cents."""
        total = 0
        arguments = {"KeyConditionExpression": Key("customer_id").eq(customer_id), "Limit": 100}
        while True:
            response = self._table.query(**arguments)
            total += sum(int(order["total"]) for order in response["Items"])
            if "LastEvaluatedKey" not in response:
                return total
            arguments["ExclusiveStartKey"] = response["LastEvaluatedKey"]

    def page_of_customer(self, customer_id, after=None, length=20):
        """Some orders of a customer and the id to go on after, or None."""
        arguments = {"KeyConditionExpression": Key("customer_id").eq(customer_id), "Limit": length}
        if after:
            arguments["ExclusiveStartKey"] = {"customer_id": customer_id, "order_id": after}
        response = self._table.query(**arguments)
        last = response.get("LastEvaluatedKey")
        return response["Items"], last["order_id"] if last else None
