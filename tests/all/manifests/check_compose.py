"""check_compose.py FILE: checks it by the schema of Compose, which the last version in Python has with it."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import jsonschema
import yaml

package = importlib.util.find_spec("compose")
assert package is not None and package.submodule_search_locations is not None
schema = Path(package.submodule_search_locations[0]) / "config" / "compose_spec.json"
jsonschema.validate(yaml.safe_load(Path(sys.argv[1]).read_text()), json.loads(schema.read_text()))
