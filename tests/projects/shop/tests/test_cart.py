from cart.services import CartService, WishlistService, merged_lines, merged_wishes


def test_add_and_show(customer_client, name):
    for _ in range(2):
        answer = customer_client.post("/cart/add/", {"sku": f"{name}-a", "quantity": "2"})
    assert answer.json() == {"sku": f"{name}-a", "quantity": 4}
    customer_client.post("/cart/wish/", {"sku": f"{name}-b"})
    assert customer_client.get("/cart/").json() == {
        "lines": [{"sku": f"{name}-a", "quantity": 4}],
        "wishes": 1,
    }


def test_add_needs_a_number(customer_client, name):
    answer = customer_client.post("/cart/add/", {"sku": name, "quantity": "many"})
    assert answer.status_code == 400


def test_remove(customer_client, name):
    customer_client.post("/cart/add/", {"sku": name})
    assert customer_client.post("/cart/remove/", {"sku": name}).json() == {"removed": name}
    assert customer_client.get("/cart/").json()["lines"] == []


def test_cart_needs_a_login(client):
    assert client.get("/cart/").status_code == 302


def test_checkout(customer_client, name):
    customer_client.post("/cart/add/", {"sku": f"{name}-a"})
    customer_client.post("/cart/wish/", {"sku": f"{name}-b"})
    answer = customer_client.get("/cart/checkout/").json()
    assert answer["lines"][-1] == f"{name}-a"
    assert answer["wishes"] == [f"{name}-b"]


def test_merged_lines_come_after_the_given_ones(name):
    CartService(name).add("stored", 1)
    merged = merged_lines(name, [{"sku": "given"}])
    assert [line["sku"] for line in merged] == ["given", "stored"]


def test_merged_wishes_of_two_customers_do_not_mix(name):
    WishlistService(name).add("a")
    WishlistService(f"{name}-other").add("b")
    assert [wish["sku"] for wish in merged_wishes(name)] == ["a"]
    assert [wish["sku"] for wish in merged_wishes(f"{name}-other")] == ["b"]
