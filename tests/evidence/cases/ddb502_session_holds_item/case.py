"""An item of 60 KB in a session that is kept in Django's cache, a new session for each visitor."""
from harness import tables

METER = "Growth"
SHOWN_ONLY = "the id in the session, the item read again"


def prepare():
    tables.create("customers", ["customer_id"])
    names = [f"c{number}" for number in range(20)]
    tables.put("customers", [{"customer_id": name, "name": name.upper(), "history": "x" * 60_000} for name in names])


def run(load, meter):
    from django.conf import settings

    backend = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 10**6}}
    settings.configure(
        DEBUG=False,
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF="shop",
        SECRET_KEY="evidence",
        CACHES={"default": backend},
        SESSION_ENGINE="django.contrib.sessions.backends.cache",
        MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware"],
    )
    import django
    from django.test import Client

    django.setup()
    load()
    for number in meter.calls():
        visitor = Client()
        started = visitor.get("/start/", {"customer": f"c{number % 20}"})
        shown = visitor.get("/show/")
        meter.result([started.status_code, shown.status_code, shown.content.decode()])
        del visitor, started, shown
