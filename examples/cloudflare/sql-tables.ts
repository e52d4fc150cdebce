/**
 * The registry's names as tables. What is counted (`holders`, `named`) is kept as a column, so that
 * nothing has to be walked to find what may go.
 */
export const tables: string = `
CREATE TABLE IF NOT EXISTS repositories (
  name TEXT PRIMARY KEY
) WITHOUT ROWID;

-- Bytes in the bucket. holders: repositories that have them as a blob or as a manifest. Of several
-- copies of a digest one is held; the others are on their way out. tried: how often they were condemned, so that what cannot be deleted does not stand in the way.
CREATE TABLE IF NOT EXISTS bytes (
  digest TEXT NOT NULL, key TEXT NOT NULL, size INTEGER NOT NULL,
  holders INTEGER NOT NULL DEFAULT 0, tried INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (digest, key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS unheld ON bytes (tried, digest) WHERE holders = 0;

-- Blobs of a repository. named: how often its manifests name the digest.
CREATE TABLE IF NOT EXISTS links (
  repository TEXT NOT NULL, digest TEXT NOT NULL,
  keep_until INTEGER NOT NULL, named INTEGER NOT NULL,
  PRIMARY KEY (repository, digest)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS links_of_digest ON links (digest);
CREATE INDEX IF NOT EXISTS leases ON links (keep_until) WHERE named = 0;

-- record: the manifest's record as JSON, without its references, of which there may be many.
CREATE TABLE IF NOT EXISTS manifests (
  repository TEXT NOT NULL, digest TEXT NOT NULL,
  subject TEXT, artifact_type TEXT, record TEXT NOT NULL,
  PRIMARY KEY (repository, digest)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS referrers ON manifests (repository, subject, digest)
  WHERE subject IS NOT NULL;
CREATE INDEX IF NOT EXISTS referrers_of_type
  ON manifests (repository, subject, artifact_type, digest) WHERE subject IS NOT NULL;

CREATE TABLE IF NOT EXISTS refs (
  repository TEXT NOT NULL, manifest TEXT NOT NULL, place INTEGER NOT NULL, digest TEXT NOT NULL,
  PRIMARY KEY (repository, manifest, place)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS refs_to ON refs (repository, digest);

CREATE TABLE IF NOT EXISTS tags (
  repository TEXT NOT NULL, tag TEXT NOT NULL, digest TEXT NOT NULL,
  PRIMARY KEY (repository, tag)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS tags_of ON tags (repository, digest);

-- Upload sessions. holder, until: who may change one, and how long.
CREATE TABLE IF NOT EXISTS uploads (
  id TEXT PRIMARY KEY, principal TEXT, size INTEGER NOT NULL, touched_at INTEGER NOT NULL,
  session TEXT NOT NULL, holder TEXT, until INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS uploads_of ON uploads (principal);
CREATE INDEX IF NOT EXISTS uploads_by_age ON uploads (touched_at);
`
