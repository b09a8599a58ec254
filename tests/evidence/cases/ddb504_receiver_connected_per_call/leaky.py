"""Tells who paid, by a receiver that each request connects."""
import boto3
from django.dispatch import Signal
from django.http import HttpResponse
from django.urls import path

table = boto3.resource("dynamodb").Table("customers")
paid = Signal()


def pay(request):
    """Connects a receiver that holds the customer."""
    customer = table.get_item(Key={"customer_id": request.GET["customer"]})["Item"]

    def tell(sender, **kwargs):
        return customer["name"]

    paid.connect(tell, weak=False)
    return HttpResponse("ready")


urlpatterns = [path("pay/", pay)]
