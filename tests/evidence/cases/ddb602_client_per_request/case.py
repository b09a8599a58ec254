"""A resource for each request of a Django view."""
from harness import tables

METER = "Churn"
prepare = tables.orders


def run(load, meter):
    from django.conf import settings

    settings.configure(DEBUG=False, ALLOWED_HOSTS=["*"], ROOT_URLCONF="shop")
    import django
    from django.test import Client

    django.setup()
    load()
    visitor = Client()
    for number in meter.calls():
        response = visitor.get(f"/c{number % 20}/o{number % 25:06}/")
        meter.result([response.status_code, response.content.decode()])
        del response
