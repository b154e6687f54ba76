"""Table of the notes, which the gateway writes and the worker digests.

The table is the durable queue. A message over Redis only triggers the worker, which then processes every pending note; a
lost message (Redis restarted, full or flushed) delays notes and loses none.
"""

NOTES_LOCK = 7_777_001
"""Key of the advisory lock for the creation of tables, which replicas that start together must not do concurrently."""

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
"""Name of the worker's task, which has no arguments."""
