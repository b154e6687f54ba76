"""Fake Resource Manager of Azure: the lists of a subscription, filtered by a tag, which a recovery reads."""

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
PROVIDER_NAMESPACE = "Microsoft"
"""Part of every address except that of a resource group."""


@contextmanager
def resource_manager(cloud: FakeCloud) -> Generator[str]:
    """Serve the lists of a cloud's objects page by page and return the address."""

    class Lists(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, query = PATH.fullmatch(urlsplit(self.path).path), parse_qs(urlsplit(self.path).query)
            if path is None or self.headers["Authorization"] != f"Bearer {TOKEN}":
                self.send_error(403)
                return
            tag_filter = FILTER.fullmatch(query["$filter"][0])
            if tag_filter is None or cloud.setting("search") == "off":
                self.send_error(400)
                return
            objects = managed(cloud, tag_filter["tag"], tag_filter["value"])
            listed = [
                item for item in objects if (PROVIDER_NAMESPACE in str(item["id"])) == (path["kind"] == "resources")
            ]
            page_size, start = 2, int(query.get("skip", ["0"])[0])
            page: dict[str, Value] = {"value": listed[start : start + page_size]}
            if len(listed) > start + page_size:
                page["nextLink"] = f"{address}{self.path.partition('&skip=')[0]}&skip={start + page_size}"
            body = json.dumps(page).encode()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Write no log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Lists)
    address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield address
    finally:
        server.shutdown()
        server.server_close()
