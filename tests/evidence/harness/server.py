"""A DynamoDB on loopback, in a process of its own: moto inside the measured process leaks by itself.

Run as a program it serves until its standard input ends, so it never outlives who started it.
Equal reads are answered with the bytes that moto gave the first time, until something is written:
moto takes seconds for a table of 4,000 items, and what is measured is the client.
"""
import os
import subprocess
import sys

READS = {"GetItem", "Query", "Scan"}
# What reads without an effect, but is too rare or too unlike to be kept.
HARMLESS = {"DescribeTable", "ListTables", "DescribeStream", "ListStreams", "GetShardIterator", "GetRecords"}


class Recorded:
    """A WSGI application that remembers the answers to reads."""

    def __init__(self, application):
        self.application = application
        self.answers = {}

    def __call__(self, environ, start_response):
        operation = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
        if operation not in READS:
            if operation not in HARMLESS:
                self.answers.clear()
            return self.application(environ, start_response)
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        answer = self.answers.get((operation, body))
        if answer is None:
            answer = self._ask(environ, body)
            if answer[0].startswith("200"):
                self.answers[operation, body] = answer
        status, headers, content = answer
        start_response(status, headers)
        return [content]

    def _ask(self, environ, body):
        import io

        said = []
        environ = dict(environ, **{"wsgi.input": io.BytesIO(body)})
        parts = self.application(environ, lambda status, headers, *_: said.extend([status, headers]))
        content = b"".join(parts)
        return said[0], list(said[1]), content


class Server:
    """moto in a child process, stopped at the end of the `with` block."""

    def __enter__(self):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "harness.server"],
            cwd=os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        port = self.process.stdout.readline().strip()
        if not port:
            raise RuntimeError("moto did not start")
        self.url = f"http://127.0.0.1:{port}"
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def environment(self):
        """What boto3 has to find to talk to this server, and to no other."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_REGION": "eu-west-1",
            "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }


def main():
    """Serves on a free port and prints it."""
    import logging

    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Handler(WSGIRequestHandler):
        # As AWS: connections stay open, and answers are not held back for 40 ms.
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    application = Recorded(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=Handler)
    import threading

    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()
    server.shutdown()


if __name__ == "__main__":
    main()
