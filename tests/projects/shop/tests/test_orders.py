import boto3
from django.conf import settings

from orders import signals, tasks
from orders.repository import OrderRepository
from orders.services import book
from shop import dynamo


def buy(customer_client, sku, quantity=1):
    customer_client.post("/cart/add/", {"sku": sku, "quantity": quantity})
    return customer_client.post("/orders/place/").json()


def test_place_an_order(customer_client, product, tables, name):
    sku = product("a", cents=500)
    tables("stock").put_item(Item={"sku": sku, "amount": 10})
    placed = buy(customer_client, sku, 3)
    assert placed["total"] == 1500
    assert customer_client.get(f"/orders/{placed['order']}/").json() == {
        "order": placed["order"],
        "status": "open",
        "total": 1500,
    }
    assert tables("stock").get_item(Key={"sku": sku})["Item"]["amount"] == 7
    assert tables("customers").get_item(Key={"customer_id": name})["Item"]["orders_placed"] == 1


def test_an_empty_cart_cannot_be_ordered(customer_client):
    assert customer_client.post("/orders/place/").status_code == 400


def test_unknown_order(customer_client):
    assert customer_client.get("/orders/missing/").status_code == 404


def test_ticker_shows_the_last_sold_first(client, customer_client, product, name):
    buy(customer_client, product("a", name=f"Lamp {name}"))
    answer = client.get("/orders/ticker/").json()
    assert answer["sold"][0] == f"Lamp {name}"
    assert answer["orders"] >= 1


def test_just_placed(product, name):
    sku = product("a")
    for number in range(3):
        book.place(name, f"{name}-{number}", [(sku, 1)])
    assert book.just_placed(2) == [f"{name}-2", f"{name}-1"]


def test_large_orders_are_watched(customer, name):
    lines = [{"sku": "a", "quantity": 1, "cents": signals.LARGE}]
    assert signals.fraud_watch(None, "o", name, lines) is True
    assert list(signals.fraud_watch.suspects)[-1]["customer_id"] == name
    lines[0]["cents"] = 1
    assert signals.fraud_watch(None, "o", name, lines) is False


def test_the_tenth_order_makes_gold(customer, name, tables):
    answers = [signals.loyalty(None, "o", name, []) for _ in range(10)]
    assert answers == [None] * 9 + ["gold"]
    assert tables("customers").get_item(Key={"customer_id": name})["Item"]["level"] == "gold"


def test_history_has_all_orders(customer_client, order):
    ids = [order(f"{number:03}") for number in range(120)]
    assert customer_client.get("/orders/").json() == {"orders": ids}


def test_pages_go_on_where_the_last_ended(customer_client, order):
    ids = [order(f"{number}") for number in range(5)]
    seen, after = [], None
    for _ in range(5):
        answer = customer_client.get("/orders/page/", {"after": after} if after else {}).json()
        seen += answer["orders"]
        after = answer["after"]
        if not after:
            break
    assert seen == ids


def test_repository_reads(order, name):
    ids = [order(f"{number:03}", total=number) for number in range(130)]
    order("sent", total=7, status="sent")
    repository = OrderRepository()
    assert [row["order_id"] for row in repository.of_customer(name)] == [*ids, "sent"]
    assert [row["order_id"] for row in repository.each_of_customer(name)] == [*ids, "sent"]
    assert [row["order_id"] for row in list(repository.open_orders())] == ids
    assert repository.spent_by(name) == sum(range(130)) + 7


def test_archive(order, name, tables):
    order("a")
    order("b")
    assert tasks.archive_orders(name, ["a", "b", "missing"]) == 2
    assert tables("archive").scan()["Count"] == 2
    tasks.drop_from_archive(["a"])
    assert [item["order_id"] for item in tables("archive").scan()["Items"]] == ["b"]


def test_warehouse_is_notified(name):
    sqs = boto3.client("sqs", region_name=settings.AWS_REGION)
    url = sqs.create_queue(QueueName=settings.WAREHOUSE_QUEUE)["QueueUrl"]
    assert tasks.notify_warehouse(name, ["a", "b"]) == 2
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert sorted(message["Body"] for message in messages) == [f"{name}/a", f"{name}/b"]


def test_send_and_cancel(order, name):
    order("a")
    order("b", status="cancelled")
    assert tasks.send_orders(name) == ["a"]
    assert OrderRepository().get(name, "a")["status"] == "sent"
    order("c")
    assert tasks.cancel_orders(name) == ["c"]
    assert OrderRepository().get(name, "c")["status"] == "cancelled"


def test_table_facts(order):
    order("a")
    assert tasks.count_items("orders") == 1
    assert tasks.table_status("orders") == "ACTIVE"


def test_tasks_are_registered():
    from shop import celery_app

    celery_app.loader.import_default_modules()
    assert {"orders.tasks.send_orders", "catalog.tasks.refresh_front_page"} <= set(celery_app.tasks)


def test_blocked_addresses_are_turned_away(client):
    dynamo.client.put_item(TableName="blocklist", Item={"ip": {"S": "10.0.0.9"}})
    assert client.get("/orders/ticker/", REMOTE_ADDR="10.0.0.9").status_code == 403
    assert client.get("/orders/ticker/", REMOTE_ADDR="10.0.0.8").status_code == 200


def test_campaigns_mark_the_response(client):
    dynamo.client.put_item(
        TableName="campaigns", Item={"campaign_id": {"S": "may"}, "title": {"S": "Spring sale"}}
    )
    assert client.get("/orders/ticker/?campaign=may")["X-Campaign"] == "Spring sale"
    assert "X-Campaign" not in client.get("/orders/ticker/")
