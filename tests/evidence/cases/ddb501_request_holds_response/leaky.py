"""Shows each visitor the orders that are under way."""
import boto3
from boto3.dynamodb.conditions import Key
from django.http import HttpResponse

table = boto3.resource("dynamodb").Table("orders")


class OrdersMiddleware:
    """Gives the views the orders of the visitor."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        visitor = Key("customer_id").eq(request.GET["customer"])
        request.orders = table.query(KeyConditionExpression=visitor)["Items"]
        return self.get_response(request)


def under_way(request):
    """The numbers of the orders."""
    return HttpResponse(", ".join(order["order_id"] for order in request.orders))
