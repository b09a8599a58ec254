"""Shows how far an order is."""
import boto3
from django.http import HttpResponse
from django.urls import path


def status(request, customer_id, order_id):
    """How far an order is."""
    table = boto3.resource("dynamodb").Table("orders")
    order = table.get_item(Key={"customer_id": customer_id, "order_id": order_id})["Item"]
    return HttpResponse(order["status"])


urlpatterns = [path("<customer_id>/<order_id>/", status)]
