"""The architecture picture in the documentation is generated from the production plan."""

from pathlib import Path
from xml.etree import ElementTree

from automation.plan.docs.architecture import ARCHITECTURE_FILE, generate
from automation.stack.document import read_stack

ROOT = Path(__file__).parent.parent.parent


def test_the_picture_is_current_and_shows_every_service_and_data_store() -> None:
    picture = generate(ROOT)
    assert (ROOT / ARCHITECTURE_FILE).read_text(encoding="utf-8") == picture, "run `make docs`"
    # the picture was generated here from the repository's own stack file
    texts = [element.text for element in ElementTree.fromstring(picture).iter() if element.text]  # noqa: S314
    spec = read_stack(ROOT, "prod").spec
    assert {*spec.services, "PostgreSQL 17", "Redis", "Objects", "Models", "Entry", "Internet"} <= set(texts)
    assert any("monitoring: " in text for text in texts)
