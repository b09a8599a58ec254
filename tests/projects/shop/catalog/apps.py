"""The catalog app and what it keeps ready for the front page."""
from django.apps import AppConfig


class CatalogConfig(AppConfig):
    name = "catalog"

    def ready(self):
        self.featured = []
        self.banners = []

    def refresh_featured(self):
        """Reads the featured products again; the beat schedule calls this hourly."""
        from shop import dynamo

        response = dynamo.client.query(
            TableName="products",
            IndexName="by_category",
            KeyConditionExpression="category = :c",
            ExpressionAttributeValues={":c": {"S": "featured"}},
            Limit=50,
        )
        self.featured.extend(response["Items"])
        return response["Count"]

    def refresh_banners(self):
        """Reads the banners again."""
        from shop import dynamo

        response = dynamo.client.query(
            TableName="products",
            IndexName="by_category",
            KeyConditionExpression="category = :c",
            ExpressionAttributeValues={":c": {"S": "banner"}},
            Limit=5,
        )
        self.banners = response["Items"]
        return response["Count"]
