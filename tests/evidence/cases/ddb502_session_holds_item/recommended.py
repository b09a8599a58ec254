"""Remembers who the visitor is."""
import boto3
from django.http import HttpResponse
from django.urls import path

table = boto3.resource("dynamodb").Table("customers")


def start(request):
    """Looks up the customer."""
    customer_id = request.GET["customer"]
    request.session["customer_id"] = customer_id
    return HttpResponse("ready")


def show(request):
    """The customer's name."""
    customer_id = request.session["customer_id"]
    customer = table.get_item(Key={"customer_id": customer_id})["Item"]
    return HttpResponse(customer["name"])


urlpatterns = [path("start/", start), path("show/", show)]
