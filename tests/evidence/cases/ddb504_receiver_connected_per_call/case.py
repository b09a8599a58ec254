"""A receiver inside a view that holds an item of 60 KB, connected by each request."""
from harness import tables

METER = "Growth"


def prepare():
    tables.create("customers", ["customer_id"])
    names = [f"c{number}" for number in range(20)]
    tables.put("customers", [{"customer_id": name, "name": name.upper(), "history": "x" * 60_000} for name in names])


def run(load, meter):
    from django.conf import settings

    settings.configure(DEBUG=False, ALLOWED_HOSTS=["*"], ROOT_URLCONF="shop", SECRET_KEY="evidence")
    import django
    from django.test import Client

    django.setup()
    load()
    visitor = Client()
    for number in meter.calls():
        answer = visitor.get("/pay/", {"customer": f"c{number % 20}"})
        meter.result([answer.status_code, answer.content.decode()])
        del answer
