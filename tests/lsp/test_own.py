"""What a project's configuration says of its own code counts in the editor as on the command line."""

from lsprotocol import types

from conftest import as_shown, check, edit, session, whole
from test_same import shown

USER = """from shop.repo import fetch_all

PENDING = []


def collect():
    for item in fetch_all():
        PENDING.append(item)
"""
SOURCES = '[sources]\n"shop.repo.fetch_all" = "items"\n'


def written(root, configuration=SOURCES):
    (root / "dynaleak.toml").write_text(configuration)
    (root / "shop").mkdir()
    (root / "shop/repo.py").write_text('def fetch_all():\n    return rpc("all")\n')
    (root / "shop/user.py").write_text(USER)


def tell(server, name):
    event = types.FileEvent(uri=server.uri(name), type=types.FileChangeType.Changed)
    server.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([event]))


async def test_a_wrapper(tmp_path):
    written(tmp_path)
    expected = as_shown(check(tmp_path))
    assert [one[0] for one in expected] == ["DDB101"]
    async with session(tmp_path) as server:
        await server.indexed()
        server.open("shop/user.py", USER)
        assert await shown(server, "shop/user.py") == expected
        # A name that is no wrapper's any more, and again one.
        server.change("shop/user.py", edit(6, 25, 25, "s"))
        await server.until("shop/user.py", [])
        server.change("shop/user.py", edit(6, 25, 26, ""))
        await server.until("shop/user.py", [("DDB101", 7)])
        server.change("shop/user.py", whole(""))
        await server.until("shop/user.py", [])
        server.change("shop/user.py", whole(USER))
        await server.settled()
        assert await shown(server, "shop/user.py") == expected


async def test_a_configuration_that_changes(tmp_path):
    written(tmp_path, "")
    async with session(tmp_path) as server:
        await server.indexed()
        server.open("shop/user.py", USER)
        await server.until("shop/user.py", [])
        (tmp_path / "dynaleak.toml").write_text(SOURCES)
        tell(server, "dynaleak.toml")
        await server.until("shop/user.py", [("DDB101", 7)])
        (tmp_path / "dynaleak.toml").write_text(SOURCES + '[containers]\n"shop.user.x" = "lsit"\n')
        tell(server, "dynaleak.toml")
        server.open("dynaleak.toml", SOURCES + '[containers]\n"shop.user.x" = "lsit"\n', language="toml")
        [item] = (await server.pull("dynaleak.toml")).items
        assert (item.code, item.range.start.line) == ("DDB004", 3) and "did you mean `list`" in item.message
        (tmp_path / "dynaleak.toml").write_text("")
        tell(server, "dynaleak.toml")
        await server.until("shop/user.py", [])


async def test_a_deployment_that_changes(tmp_path):
    text = """import boto3

table = boto3.resource("dynamodb").Table("orders")


def listed(event, context):
    return {"orders": table.scan()["Items"]}
"""
    deployment = "functions:\n  listed:\n    handler: orders.listed\n    events:\n      - http: GET /orders\n"
    (tmp_path / "orders.py").write_text(text)
    (tmp_path / "serverless.yml").write_text(deployment)
    expected = as_shown(check(tmp_path))
    assert [one[0] for one in expected] == ["DDB802"]
    async with session(tmp_path) as server:
        await server.indexed()
        server.open("orders.py", text)
        assert await shown(server, "orders.py") == expected
        (tmp_path / "serverless.yml").write_text(deployment.replace("http: GET /orders", "sqs: arn"))
        tell(server, "serverless.yml")
        await server.until("orders.py", [])
        (tmp_path / "serverless.yml").write_text(deployment)
        tell(server, "serverless.yml")
        await server.until("orders.py", [("DDB802", 6)])


async def test_a_deployment_above_the_root(tmp_path):
    text = "import boto3\n\n\ndef listed(order, _runtime):\n    boto3.client('dynamodb').delete_item(TableName='orders', Key=order)\n"
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'shop'\n")
    (tmp_path / "serverless.yml").write_text("functions:\n  listed:\n    handler: src/orders.listed\n")
    root = tmp_path / "src"
    root.mkdir()
    (root / "orders.py").write_text(text)
    expected = as_shown(check(root))
    assert [one[0] for one in expected] == ["DDB602"]
    async with session(root) as server:
        await server.indexed()
        server.open("orders.py", text)
        assert await shown(server, "orders.py") == expected
