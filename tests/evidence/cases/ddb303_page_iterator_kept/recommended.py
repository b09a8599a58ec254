"""Lists of orders that a user pages through."""
import boto3

client = boto3.client("dynamodb")
listings = {}


def first_rows(listing_id):
    """Opens a listing and gives the numbers of its first rows."""
    return _rows(listing_id, {})


def next_rows(listing_id):
    """The numbers of the next rows."""
    key = listings.get(listing_id)
    return _rows(listing_id, {"ExclusiveStartKey": key}) if key else []


def _rows(listing_id, start):
    page = client.scan(TableName="orders", Limit=25, **start)
    listings[listing_id] = page.get("LastEvaluatedKey")
    return [order["order_id"]["S"] for order in page["Items"]]
