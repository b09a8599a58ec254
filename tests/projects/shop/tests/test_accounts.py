from accounts import preferences


def test_sign_in_and_out(client, customer, name):
    answer = client.post("/accounts/login/", {"username": name, "password": "secret"})
    assert answer.json() == {"customer": name}
    assert client.get("/accounts/who-am-i/").json() == {"name": f"Name of {name}", "acting_for": None}
    client.post("/accounts/logout/")
    assert client.get("/accounts/who-am-i/").status_code == 302


def test_wrong_password(client, customer, name):
    answer = client.post("/accounts/login/", {"username": name, "password": "wrong"})
    assert answer.status_code == 403


def test_profile(customer_client, name):
    answer = customer_client.get("/accounts/profile/").json()
    assert answer["name"] == f"Name of {name}"
    assert f"avatars/{name}.png" in answer["avatar"]


def test_membership(customer_client, name):
    answer = customer_client.get("/accounts/membership/").json()
    assert answer["level"] == "silver"
    assert f"contracts/{name}.pdf" in answer["contract"]


def test_preferences(customer_client):
    assert customer_client.get("/accounts/preferences/").json() == {
        "preferences": {"language": "en"},
        "addresses": ["1 Main Street"],
    }


def test_preferences_are_read_again_after_a_minute(customer, name, tables, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(preferences.time, "monotonic", lambda: now[0])
    assert preferences.preferences_of(name)["preferences"] == {"language": "en"}
    tables("customers").put_item(Item={"customer_id": name, "preferences": {"language": "fr"}})
    assert preferences.preferences_of(name)["preferences"] == {"language": "en"}
    now[0] += 61
    assert preferences.preferences_of(name)["preferences"] == {"language": "fr"}


def test_addresses_are_bounded(customer, name, monkeypatch):
    monkeypatch.setattr(preferences, "ADDRESSES_KEPT", 2)
    for number in range(5):
        preferences.addresses_of(f"{name}-{number}")
    assert preferences.addresses_of(name)["addresses"] == ["1 Main Street"]
    assert len(preferences._addresses) <= 2


def test_only_staff_may_act_for_a_customer(staff_client, customer_client, name):
    assert customer_client.post("/accounts/act-for/", {"customer": name}).status_code == 403
    answer = staff_client.post("/accounts/act-for/", {"customer": name})
    assert answer.json() == {"acting_for": name}
    assert staff_client.get("/accounts/who-am-i/").json()["acting_for"] == name
