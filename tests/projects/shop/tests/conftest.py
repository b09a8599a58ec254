"""Starts Django and an in-process DynamoDB for the tests."""
import os
import uuid

os.environ.update(
    AWS_ACCESS_KEY_ID="testing",
    AWS_SECRET_ACCESS_KEY="testing",
    AWS_REGION="eu-west-1",
    AWS_DEFAULT_REGION="eu-west-1",
    AWS_ACCOUNT_ID_ENDPOINT_MODE="disabled",
    DJANGO_DB=":memory:",
    DJANGO_SETTINGS_MODULE="shop.settings",
)

import django  # noqa: E402
from moto import mock_aws  # noqa: E402  (before the first client is made)

django.setup()

import pytest  # noqa: E402
from django.contrib.auth import get_user_model  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import setup_test_environment  # noqa: E402

from shop import dynamo  # noqa: E402
from shop.schema import create_tables  # noqa: E402


@pytest.fixture(scope="session", autouse=True)
def database():
    setup_test_environment()
    call_command("migrate", verbosity=0)


@pytest.fixture(autouse=True)
def tables():
    with mock_aws():
        create_tables(dynamo.client)
        yield dynamo.table


@pytest.fixture
def name():
    """A name that no other test uses."""
    return f"n{uuid.uuid4().hex[:10]}"


@pytest.fixture
def customer(name, tables):
    user = get_user_model().objects.create_user(name, password="secret")
    tables("customers").put_item(
        Item={
            "customer_id": name,
            "name": f"Name of {name}",
            "level": "silver",
            "avatar": f"avatars/{name}.png",
            "contract": f"contracts/{name}.pdf",
            "preferences": {"language": "en"},
            "addresses": ["1 Main Street"],
        }
    )
    return user


@pytest.fixture
def client():
    return Client()


@pytest.fixture
def customer_client(customer):
    client = Client()
    client.force_login(customer)
    return client


@pytest.fixture
def staff_client(name):
    user = get_user_model().objects.create_user(f"staff-{name}", is_staff=True)
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def product(name, tables):
    """Writes a product and returns its number."""

    def write(suffix, **attributes):
        sku = f"{name}-{suffix}"
        item = {"sku": sku, "name": f"Product {suffix}", "category": name, "cents": 250}
        tables("products").put_item(Item=item | attributes)
        return sku

    return write


@pytest.fixture
def order(name, tables):
    """Writes an order and returns its id."""

    def write(order_id, total=100, status="open", customer_id=name):
        tables("orders").put_item(
            Item={
                "customer_id": customer_id,
                "order_id": order_id,
                "status": status,
                "total": total,
                "text": "x" * 200,
            }
        )
        return order_id

    return write
