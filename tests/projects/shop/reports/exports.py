"""Whole-table exports."""
from contextlib import closing

from shop.dynamo import client

scan = client.get_paginator("scan")


def order_pages():
    """All pages of the order table."""
    return list(scan.paginate(TableName="orders", PaginationConfig={"PageSize": 100}))


def customer_table():
    """All customers, as DynamoDB gives them."""
    pages = scan.paginate(TableName="customers", PaginationConfig={"PageSize": 100})
    return pages.build_full_result()["Items"]


def product_rows():
    """All products, sorted by their number."""
    pages = scan.paginate(TableName="products", PaginationConfig={"PageSize": 100})
    return sorted((item for page in pages for item in page["Items"]), key=lambda item: item["sku"]["S"])


def order_rows():
    """The orders, one after the other."""
    for page in scan.paginate(TableName="orders", PaginationConfig={"PageSize": 100}):
        yield from page["Items"]


def revenue():
    """What all orders add up to, in cents."""
    pages = scan.paginate(TableName="orders", PaginationConfig={"PageSize": 100})
    return sum(int(item["total"]["N"]) for page in pages for item in page["Items"])


def first_products(count):
    """The first products that a scan finds."""
    pages = scan.paginate(
        TableName="products", PaginationConfig={"MaxItems": count, "PageSize": count}
    )
    return [item["sku"]["S"] for page in pages for item in page["Items"]]


def archive_lines():
    """The archive as lines of text."""
    with scan.paginate(TableName="archive", PaginationConfig={"PageSize": 100}) as pages:
        for page in pages:
            for item in page["Items"]:
                yield f"{item['order_id']['S']};{item['total']['N']}\n"


def order_lines():
    """The orders as lines of text."""
    with closing(iter(scan.paginate(TableName="orders", PaginationConfig={"PageSize": 100}))) as pages:
        for page in pages:
            for item in page["Items"]:
                yield f"{item['order_id']['S']};{item['total']['N']}\n"
