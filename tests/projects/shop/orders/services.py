"""Placing orders."""
from collections import deque

from orders.repository import OrderRepository
from orders.signals import order_placed
from shop import dynamo


class OrderBook:
    """Takes orders and shows what has just been sold."""

    def __init__(self):
        self.repository = OrderRepository()
        self.products = dynamo.table("products")
        self.sold = []
        self.latest = deque(maxlen=100)

    def place(self, customer_id, order_id, lines):
        """Prices and stores an order and returns its total in cents."""
        priced = []
        for sku, quantity in lines:
            product = self.products.get_item(Key={"sku": sku})["Item"]
            self.sold.append(product)
            priced.append({"sku": sku, "quantity": quantity, "cents": int(product["cents"])})
        total = sum(line["quantity"] * line["cents"] for line in priced)
        self.repository.put(
            {
                "customer_id": customer_id,
                "order_id": order_id,
                "status": "open",
                "total": total,
                "lines": priced,
            }
        )
        self.latest.append(self.repository.get(customer_id, order_id))
        order_placed.send(
            sender=OrderBook, order_id=order_id, customer_id=customer_id, lines=priced
        )
        return total

    def just_sold(self, count=5):
        """The names of the products sold last, newest first."""
        names = [product["name"] for product in self.sold]
        return names[::-1][:count]

    def just_placed(self, count=5):
        """The ids of the orders placed last, newest first."""
        ids = [order["order_id"] for order in self.latest]
        return ids[::-1][:count]


book = OrderBook()
