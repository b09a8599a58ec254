"""Reports that are read a page at a time."""
from shop.dynamo import client

scan = client.get_paginator("scan")

_open = {}


def start(report_id, table_name, length=25):
    """Opens a report over a table."""
    pages = scan.paginate(TableName=table_name, PaginationConfig={"PageSize": length})
    _open[report_id] = iter(pages)


def proceed(report_id):
    """The next rows of a report; none when it has ended."""
    page = next(_open[report_id], None)
    return page["Items"] if page else []


def rows_after(table_name, key=None, length=25):
    """Some rows of a table and the key to go on after, or None."""
    arguments = {"TableName": table_name, "Limit": length}
    if key:
        arguments["ExclusiveStartKey"] = key
    response = client.scan(**arguments)
    return response["Items"], response.get("LastEvaluatedKey")


class NewsletterWalk:
    """Goes through the customers a few at a time."""

    def __init__(self):
        self.customers = None

    def restart(self):
        """Begins again with the first customer."""
        pages = scan.paginate(TableName="customers", PaginationConfig={"PageSize": 100})
        self.customers = pages.search("Items[]")

    def take(self, count):
        """The ids of the next customers."""
        taken = []
        for customer in self.customers:
            taken.append(customer["customer_id"]["S"])
            if len(taken) == count:
                break
        return taken


newsletter = NewsletterWalk()
