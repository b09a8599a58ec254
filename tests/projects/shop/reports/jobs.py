"""Parallel scans."""
from concurrent.futures import ThreadPoolExecutor

import boto3
from django.conf import settings

from shop import dynamo


def count_segment(segment, table_name, segments):
    """How many items one segment of a table has."""
    client = boto3.client("dynamodb", region_name=settings.AWS_REGION)
    return _count(client, segment, table_name, segments)


def count_shared(segment, table_name, segments):
    """The same with the client of the process."""
    return _count(dynamo.client, segment, table_name, segments)


def count_table(table_name, segments=4):
    """How many items a table has."""
    with ThreadPoolExecutor(segments) as pool:
        counts = [
            pool.submit(count_segment, segment, table_name, segments)
            for segment in range(segments)
        ]
        return sum(count.result() for count in counts)


def count_table_shared(table_name, segments=4):
    """How many items a table has, with one client for all threads."""
    with ThreadPoolExecutor(segments) as pool:
        counts = [
            pool.submit(count_shared, segment, table_name, segments)
            for segment in range(segments)
        ]
        return sum(count.result() for count in counts)


def _count(client, segment, table_name, segments):
    pages = client.get_paginator("scan").paginate(
        TableName=table_name,
        Select="COUNT",
        Segment=segment,
        TotalSegments=segments,
        PaginationConfig={"PageSize": 500},
    )
    return sum(page["Count"] for page in pages)
