/** How many sessions there are and how many bytes they have, for each owner and in all. */
export const uploadCounts: string = [
  `CREATE TRIGGER upload_added AFTER INSERT ON uploads BEGIN
     INSERT INTO owners (owner, uploads, bytes) VALUES (NEW.owner, 1, NEW.size)
       ON CONFLICT DO UPDATE SET uploads = uploads + 1, bytes = bytes + NEW.size;
     UPDATE totals SET uploads = uploads + 1, bytes = bytes + NEW.size;
   END`,
  `CREATE TRIGGER upload_grown AFTER UPDATE OF size ON uploads WHEN NEW.size <> OLD.size BEGIN
     UPDATE owners SET bytes = bytes + NEW.size - OLD.size WHERE owner = NEW.owner;
     UPDATE totals SET bytes = bytes + NEW.size - OLD.size;
   END`,
  `CREATE TRIGGER upload_removed AFTER DELETE ON uploads BEGIN
     UPDATE owners SET uploads = uploads - 1, bytes = bytes - OLD.size WHERE owner = OLD.owner;
     DELETE FROM owners WHERE owner = OLD.owner AND uploads = 0;
     UPDATE totals SET uploads = uploads - 1, bytes = bytes - OLD.size;
   END`,
].join(';')

/**
 * The registry's names as tables. Triggers keep every number: how many repositories have some bytes,
 * how often a blob is named, what a repository holds. So no statement counts rows, and no method can
 * forget to.
 */
export const tables: string = [
  // manifests, tags, blobs: how many of each it has.
  `CREATE TABLE repositories (
     name TEXT PRIMARY KEY, manifests INTEGER NOT NULL DEFAULT 0, tags INTEGER NOT NULL DEFAULT 0,
     blobs INTEGER NOT NULL DEFAULT 0
   ) WITHOUT ROWID`,
  `CREATE INDEX empty_repositories ON repositories (name) WHERE manifests = 0 AND blobs = 0`,
  // The key that counts for a digest. holders: in how many repositories it is a blob or a manifest.
  // missing: whether its bytes are known to be missing or damaged.
  `CREATE TABLE blobs (
     digest TEXT PRIMARY KEY, key TEXT NOT NULL, size INTEGER NOT NULL,
     holders INTEGER NOT NULL DEFAULT 0, missing INTEGER NOT NULL DEFAULT 0
   ) WITHOUT ROWID`,
  `CREATE INDEX missing_blobs ON blobs (digest) WHERE missing`,
  // Keys that are named no more, until their bytes are deleted. tried: how often they were condemned,
  // so that a key that cannot be deleted does not block others.
  `CREATE TABLE trash (
     digest TEXT NOT NULL, key TEXT NOT NULL, size INTEGER NOT NULL, tried INTEGER NOT NULL DEFAULT 0,
     PRIMARY KEY (digest, key)
   ) WITHOUT ROWID`,
  `CREATE INDEX trash_by_tries ON trash (tried, digest)`,
  // Blobs of a repository. named: how often its manifests name the digest.
  `CREATE TABLE links (
     repository TEXT NOT NULL, digest TEXT NOT NULL,
     keep_until INTEGER NOT NULL, named INTEGER NOT NULL,
     PRIMARY KEY (repository, digest)
   ) WITHOUT ROWID`,
  `CREATE INDEX links_of_digest ON links (digest)`,
  `CREATE INDEX leases ON links (keep_until) WHERE named = 0`,
  // record: the manifest's record as JSON, without what other columns and tables have. tags: how many.
  `CREATE TABLE manifests (
     repository TEXT NOT NULL, digest TEXT NOT NULL, subject TEXT, artifact_type TEXT,
     record TEXT NOT NULL, pushed_at INTEGER NOT NULL, tags INTEGER NOT NULL DEFAULT 0,
     PRIMARY KEY (repository, digest)
   ) WITHOUT ROWID`,
  `CREATE INDEX referrers ON manifests (repository, subject, digest) WHERE subject IS NOT NULL`,
  `CREATE INDEX referrers_of_type
     ON manifests (repository, subject, artifact_type, digest) WHERE subject IS NOT NULL`,
  `CREATE TABLE refs (
     repository TEXT NOT NULL, manifest TEXT NOT NULL, place INTEGER NOT NULL, digest TEXT NOT NULL,
     PRIMARY KEY (repository, manifest, place)
   ) WITHOUT ROWID`,
  `CREATE INDEX refs_to ON refs (repository, digest)`,
  `CREATE TABLE tags (
     repository TEXT NOT NULL, tag TEXT NOT NULL, digest TEXT NOT NULL, updated_at INTEGER NOT NULL,
     PRIMARY KEY (repository, tag)
   ) WITHOUT ROWID`,
  `CREATE INDEX tags_of ON tags (repository, digest, tag)`,
  // Upload sessions. spare: whether one may make way for another, having no bytes. holder, until: who
  // may change it, and how long. wanted: another asked for it.
  `CREATE TABLE uploads (
     id TEXT PRIMARY KEY, owner TEXT NOT NULL, size INTEGER NOT NULL, spare INTEGER NOT NULL,
     touched_at INTEGER NOT NULL, session TEXT NOT NULL, holder TEXT, until INTEGER NOT NULL DEFAULT 0,
     wanted INTEGER NOT NULL DEFAULT 0
   ) WITHOUT ROWID`,
  `CREATE INDEX uploads_by_age ON uploads (touched_at)`,
  `CREATE INDEX spare_uploads ON uploads (owner, touched_at) WHERE spare`,
  `CREATE TABLE owners (
     owner TEXT PRIMARY KEY, uploads INTEGER NOT NULL, bytes INTEGER NOT NULL DEFAULT 0
   ) WITHOUT ROWID`,
  `CREATE INDEX owners_by_uploads ON owners (uploads)`,
  `CREATE TABLE totals (uploads INTEGER NOT NULL, bytes INTEGER NOT NULL)`,
  `INSERT INTO totals VALUES (0, 0)`,
  `CREATE TRIGGER link_added AFTER INSERT ON links BEGIN
     UPDATE blobs SET holders = holders + 1 WHERE digest = NEW.digest;
     UPDATE repositories SET blobs = blobs + 1 WHERE name = NEW.repository;
   END`,
  `CREATE TRIGGER link_removed AFTER DELETE ON links BEGIN
     UPDATE blobs SET holders = holders - 1 WHERE digest = OLD.digest;
     UPDATE repositories SET blobs = blobs - 1 WHERE name = OLD.repository;
   END`,
  `CREATE TRIGGER manifest_added AFTER INSERT ON manifests BEGIN
     UPDATE blobs SET holders = holders + 1 WHERE digest = NEW.digest;
     UPDATE repositories SET manifests = manifests + 1 WHERE name = NEW.repository;
   END`,
  `CREATE TRIGGER manifest_removed AFTER DELETE ON manifests BEGIN
     UPDATE blobs SET holders = holders - 1 WHERE digest = OLD.digest;
     UPDATE repositories SET manifests = manifests - 1 WHERE name = OLD.repository;
     DELETE FROM refs WHERE repository = OLD.repository AND manifest = OLD.digest;
     DELETE FROM tags WHERE repository = OLD.repository AND digest = OLD.digest;
   END`,
  `CREATE TRIGGER blob_unheld AFTER UPDATE OF holders ON blobs WHEN NEW.holders = 0 BEGIN
     INSERT INTO trash (digest, key, size) VALUES (NEW.digest, NEW.key, NEW.size);
     DELETE FROM blobs WHERE digest = NEW.digest;
   END`,
  `CREATE TRIGGER blob_replaced AFTER UPDATE OF key ON blobs WHEN NEW.key <> OLD.key BEGIN
     INSERT INTO trash (digest, key, size) VALUES (OLD.digest, OLD.key, OLD.size);
   END`,
  `CREATE TRIGGER ref_added AFTER INSERT ON refs BEGIN
     UPDATE links SET named = named + 1 WHERE repository = NEW.repository AND digest = NEW.digest;
   END`,
  `CREATE TRIGGER ref_removed AFTER DELETE ON refs BEGIN
     UPDATE links SET named = named - 1 WHERE repository = OLD.repository AND digest = OLD.digest;
   END`,
  `CREATE TRIGGER tag_added AFTER INSERT ON tags BEGIN
     UPDATE repositories SET tags = tags + 1 WHERE name = NEW.repository;
     UPDATE manifests SET tags = tags + 1 WHERE repository = NEW.repository AND digest = NEW.digest;
   END`,
  `CREATE TRIGGER tag_moved AFTER UPDATE OF digest ON tags WHEN NEW.digest <> OLD.digest BEGIN
     UPDATE manifests SET tags = tags - 1 WHERE repository = OLD.repository AND digest = OLD.digest;
     UPDATE manifests SET tags = tags + 1 WHERE repository = NEW.repository AND digest = NEW.digest;
   END`,
  `CREATE TRIGGER tag_removed AFTER DELETE ON tags BEGIN
     UPDATE repositories SET tags = tags - 1 WHERE name = OLD.repository;
     UPDATE manifests SET tags = tags - 1 WHERE repository = OLD.repository AND digest = OLD.digest;
   END`,
  uploadCounts,
].join(';')
