"""Creates the DynamoDB tables of the shop."""
from django.core.management.base import BaseCommand

from shop import dynamo
from shop.schema import create_tables


class Command(BaseCommand):
    help = "Creates the DynamoDB tables that do not exist yet."

    def handle(self, *args, **options):
        for name in create_tables(dynamo.client):
            self.stdout.write(f"created {name}")
