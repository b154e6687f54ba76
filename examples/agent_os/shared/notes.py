"""The notes: written by the gateway, digested by the worker.

The table is the queue that nothing is lost from. A message over Redis only wakes the worker, which then takes every
note that is still pending; a lost message (Redis restarted, full or flushed) costs time and no note.
"""

NOTES_LOCK = 7_777_001
"""Key of the advisory lock under which tables are made: copies that start together would trip over each other."""

CREATE = """
CREATE TABLE IF NOT EXISTS notes (
    id uuid PRIMARY KEY,
    session_id text,
    body text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    digested_at timestamptz,
    summary text,
    embedding real[]
)
"""
CREATE_INDEX = "CREATE INDEX IF NOT EXISTS notes_pending ON notes (created_at) WHERE digested_at IS NULL"
INSERT = "INSERT INTO notes (id, session_id, body) VALUES (:id, :session_id, :body)"
SELECT = "SELECT id, session_id, body, digested_at, summary, embedding FROM notes WHERE id = :id"
PENDING = """
SELECT id, body FROM notes WHERE digested_at IS NULL ORDER BY created_at LIMIT :limit FOR UPDATE SKIP LOCKED
"""
DIGESTED = "UPDATE notes SET digested_at = now(), summary = :summary, embedding = :embedding WHERE id = :id"

DIGEST_TASK = "notes.digest"
"""Name of the worker's task, without arguments."""
