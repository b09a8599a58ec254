"""The product table as PynamoDB models."""
import os

from django.conf import settings
from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.models import Model


class Product(Model):
    class Meta:
        table_name = "products"
        region = settings.AWS_REGION
        host = os.environ.get("AWS_ENDPOINT_URL")

    sku = UnicodeAttribute(hash_key=True)
    name = UnicodeAttribute(default="")
    category = UnicodeAttribute(null=True)
    brand_id = UnicodeAttribute(null=True)
    cents = NumberAttribute(default=0)

    @property
    def label(self):
        return f"{self.sku}: {self.name}"
