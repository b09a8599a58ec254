"""Carts and wish lists."""
import boto3
from boto3.dynamodb.conditions import Key
from django.conf import settings

from shop import dynamo

carts = dynamo.table("carts")
wishlists = dynamo.table("wishlists")


class CartService:
    """The cart of one customer."""

    def __init__(self, customer_id):
        self.customer_id = customer_id
        self.table = boto3.resource("dynamodb", region_name=settings.AWS_REGION).Table("carts")

    def add(self, sku, quantity):
        """Puts a product into the cart and returns the new quantity."""
        response = self.table.update_item(
            Key={"customer_id": self.customer_id, "sku": sku},
            UpdateExpression="ADD quantity :q",
            ExpressionAttributeValues={":q": quantity},
            ReturnValues="UPDATED_NEW",
        )
        return int(response["Attributes"]["quantity"])

    def remove(self, sku):
        """Takes a product out of the cart."""
        self.table.delete_item(Key={"customer_id": self.customer_id, "sku": sku})


class WishlistService:
    """The wish list of one customer."""

    def __init__(self, customer_id, table=None):
        self.customer_id = customer_id
        self.table = table or wishlists

    def add(self, sku):
        """Puts a product on the wish list."""
        self.table.put_item(Item={"customer_id": self.customer_id, "sku": sku})


def merged_lines(customer_id, lines=[]):
    """The given lines and those of the stored cart."""
    response = carts.query(KeyConditionExpression=Key("customer_id").eq(customer_id), Limit=100)
    lines.extend(response["Items"])
    return lines


def merged_wishes(customer_id, wishes=None):
    """The given wishes and those of the stored list."""
    if wishes is None:
        wishes = []
    response = wishlists.query(
        KeyConditionExpression=Key("customer_id").eq(customer_id), Limit=100
    )
    wishes.extend(response["Items"])
    return wishes
