"""Azure's Resource Manager, as far as a recovery asks it: the lists of a subscription, filtered by a tag."""

import json
import re
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from automation.plan.inventory import Value
from tests.engine.fake_cloud.cloud import FakeCloud
from tests.engine.fake_cloud.search import TOKEN, managed

PATH = re.compile(r"/subscriptions/[^/]+/(?P<kind>resources|resourcegroups)")
FILTER = re.compile(r"tagName eq '(?P<tag>[^']+)' and tagValue eq '(?P<value>[^']+)'")
GROUP = "Microsoft"
"""What stands in every address but a group's."""


@contextmanager
def resource_manager(cloud: FakeCloud) -> Generator[str]:
    """The address at which the lists of a cloud's objects are read, page by page, with the token of the stand-ins."""

    class Lists(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, query = PATH.fullmatch(urlsplit(self.path).path), parse_qs(urlsplit(self.path).query)
            if path is None or self.headers["Authorization"] != f"Bearer {TOKEN}":
                self.send_error(403)
                return
            told = FILTER.fullmatch(query["$filter"][0])
            if told is None or cloud.setting("search") == "off":
                self.send_error(400)
                return
            every = managed(cloud, told["tag"], told["value"])
            found = [one for one in every if (GROUP in str(one["id"])) == (path["kind"] == "resources")]
            first, at = 2, int(query.get("skip", ["0"])[0])
            page: dict[str, Value] = {"value": found[at : at + first]}
            if len(found) > at + first:
                page["nextLink"] = f"{address}{self.path.partition('&skip=')[0]}&skip={at + first}"
            body = json.dumps(page).encode()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Lists)
    address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield address
    finally:
        server.shutdown()
        server.server_close()
