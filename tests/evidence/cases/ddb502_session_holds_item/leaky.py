"""A list of orders that the customer goes through."""
import boto3
from boto3.dynamodb.conditions import Key
from django.http import HttpResponse
from django.urls import path

table = boto3.resource("dynamodb").Table("orders")


def start(request):
    """Looks up the orders of a customer."""
    customer = Key("customer_id").eq(request.GET["customer"])
    request.session["orders"] = table.query(KeyConditionExpression=customer)["Items"]
    return HttpResponse("ready")


def show(request):
    """The numbers of the orders that were looked up."""
    return HttpResponse(", ".join(order["order_id"] for order in request.session["orders"]))


urlpatterns = [path("start/", start), path("show/", show)]
