"""The orders app and its signal receivers."""
from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "orders"

    def ready(self):
        from orders import signals

        signals.order_placed.connect(signals.take_from_stock, dispatch_uid="orders.stock")
        signals.order_placed.connect(signals.fraud_watch, dispatch_uid="orders.fraud")
        signals.order_placed.connect(signals.loyalty, dispatch_uid="orders.loyalty")
