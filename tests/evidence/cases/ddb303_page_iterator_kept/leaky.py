"""Lists of orders that a user pages through."""
import boto3

client = boto3.client("dynamodb")
listings = {}


def first_rows(listing_id):
    """Opens a listing and gives the numbers of its first rows."""
    pages = client.get_paginator("scan").paginate(TableName="orders", PaginationConfig={"PageSize": 25})
    listings[listing_id] = iter(pages)
    return next_rows(listing_id)


def next_rows(listing_id):
    """The numbers of the next rows."""
    page = next(listings[listing_id], {"Items": []})
    return [order["order_id"]["S"] for order in page["Items"]]
