"""The items of a query on the request, held while the view runs."""
from harness import tables

METER = "Held"
prepare = tables.orders


def run(load, meter):
    from django.conf import settings

    settings.configure(DEBUG=False, ALLOWED_HOSTS=["*"])
    import django
    from django.test import RequestFactory

    django.setup()
    shop = load()
    factory = RequestFactory()

    def view(request):
        meter.now()
        return shop.under_way(request)

    middleware = shop.OrdersMiddleware(view)
    for number in meter.calls():
        response = middleware(factory.get("/", {"customer": f"c{number % 20}"}))
        meter.result(response.content.decode())
        del response
