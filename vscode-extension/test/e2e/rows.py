"""Prints the log's suggestions for the file whose URI ends as told, oldest first, with events, as JSON."""

import json
import sys

from chiron.assemble import open_feedback
from chiron.config import Settings
from chiron.feedback_view import list_rows, one_row

log = open_feedback(Settings())
rows = [one_row(log, row["id"]) for row in reversed(list_rows(log, limit=1000))]
print(json.dumps([row for row in rows if row and row["uri"].endswith(sys.argv[1])]))
