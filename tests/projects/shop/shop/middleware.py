"""What every request passes through."""
import logging

from boto3.dynamodb.conditions import Key
from django.http import HttpResponseForbidden

from shop import dynamo

logger = logging.getLogger(__name__)


class BlocklistMiddleware:
    """Turns away addresses that stand on the block list."""

    def __init__(self, get_response):
        self.get_response = get_response
        self.hits = []

    def __call__(self, request):
        address = request.META.get("REMOTE_ADDR", "")
        response = dynamo.client.get_item(TableName="blocklist", Key={"ip": {"S": address}})
        entry = response.get("Item")
        if entry:
            self.hits.append(entry)
            logger.warning("blocked %s, %d hits so far", address, len(self.hits))
            return HttpResponseForbidden("blocked")
        return self.get_response(request)


class CampaignMiddleware:
    """Marks responses with the running campaign."""

    def __init__(self, get_response):
        self.get_response = get_response
        self.campaign = None

    def __call__(self, request):
        code = request.GET.get("campaign")
        if code:
            response = dynamo.client.get_item(
                TableName="campaigns", Key={"campaign_id": {"S": code}}
            )
            self.campaign = response.get("Item")
        answer = self.get_response(request)
        if code and self.campaign:
            answer["X-Campaign"] = self.campaign["title"]["S"]
        return answer


class CartMiddleware:
    """Gives the views the cart and the wish list of the customer."""

    def __init__(self, get_response):
        self.get_response = get_response
        self.carts = dynamo.table("carts")
        self.wishlists = dynamo.table("wishlists")

    def __call__(self, request):
        if request.user.is_authenticated:
            mine = Key("customer_id").eq(request.user.username)
            cart = self.carts.query(KeyConditionExpression=mine)
            request.cart_lines = cart["Items"]
            wishes = self.wishlists.query(KeyConditionExpression=mine, Select="COUNT")
            request.wish_count = wishes["Count"]
        return self.get_response(request)
