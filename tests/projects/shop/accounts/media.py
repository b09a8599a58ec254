"""Links to the pictures and invoices of customers in S3."""
import boto3
from django.conf import settings

from shop import dynamo

SESSION = boto3.Session(region_name=settings.AWS_REGION)
s3 = SESSION.client("s3")

customers = dynamo.table("customers")


def avatar_url(customer_id):
    """A link to the customer's picture, or None."""
    item = customers.get_item(Key={"customer_id": customer_id}).get("Item")
    if not item or "avatar" not in item:
        return None
    session = boto3.Session(region_name=settings.AWS_REGION)
    storage = session.client("s3")
    return storage.generate_presigned_url(
        "get_object", Params={"Bucket": settings.MEDIA_BUCKET, "Key": item["avatar"]}
    )


def contract_url(customer_id):
    """A link to the customer's contract, or None."""
    item = customers.get_item(Key={"customer_id": customer_id}).get("Item")
    if not item or "contract" not in item:
        return None
    return s3.generate_presigned_url(
        "get_object", Params={"Bucket": settings.MEDIA_BUCKET, "Key": item["contract"]}
    )
