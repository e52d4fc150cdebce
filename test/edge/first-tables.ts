/** The tables as the first version made them. */
export const firstTables: string = `
CREATE TABLE repositories (name TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE bytes (
  digest TEXT NOT NULL, key TEXT NOT NULL, size INTEGER NOT NULL,
  holders INTEGER NOT NULL DEFAULT 0, tried INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (digest, key)
) WITHOUT ROWID;
CREATE INDEX unheld ON bytes (tried, digest) WHERE holders = 0;
CREATE TABLE links (
  repository TEXT NOT NULL, digest TEXT NOT NULL,
  keep_until INTEGER NOT NULL, named INTEGER NOT NULL,
  PRIMARY KEY (repository, digest)
) WITHOUT ROWID;
CREATE INDEX links_of_digest ON links (digest);
CREATE INDEX leases ON links (keep_until) WHERE named = 0;
CREATE TABLE manifests (
  repository TEXT NOT NULL, digest TEXT NOT NULL,
  subject TEXT, artifact_type TEXT, record TEXT NOT NULL,
  PRIMARY KEY (repository, digest)
) WITHOUT ROWID;
CREATE INDEX referrers ON manifests (repository, subject, digest) WHERE subject IS NOT NULL;
CREATE INDEX referrers_of_type
  ON manifests (repository, subject, artifact_type, digest) WHERE subject IS NOT NULL;
CREATE TABLE refs (
  repository TEXT NOT NULL, manifest TEXT NOT NULL, place INTEGER NOT NULL, digest TEXT NOT NULL,
  PRIMARY KEY (repository, manifest, place)
) WITHOUT ROWID;
CREATE INDEX refs_to ON refs (repository, digest);
CREATE TABLE tags (
  repository TEXT NOT NULL, tag TEXT NOT NULL, digest TEXT NOT NULL,
  PRIMARY KEY (repository, tag)
) WITHOUT ROWID;
CREATE INDEX tags_of ON tags (repository, digest);
CREATE TABLE uploads (
  id TEXT PRIMARY KEY, principal TEXT, size INTEGER NOT NULL, touched_at INTEGER NOT NULL,
  session TEXT NOT NULL, holder TEXT, until INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX uploads_of ON uploads (principal);
CREATE INDEX uploads_by_age ON uploads (touched_at);
`

/** What the first version wrote for an image, a blob on its way out, and an upload. */
export const firstRows: ReadonlyArray<readonly [string, ...Array<string | number | null>]> = [
  ['INSERT INTO repositories VALUES (?)', 'team/app'],
  ['INSERT INTO bytes VALUES (?, ?, ?, 1, 0)', digest('a'), 'layer/1', 11],
  ['INSERT INTO bytes VALUES (?, ?, ?, 1, 0)', digest('b'), 'manifest/1', 22],
  ['INSERT INTO bytes VALUES (?, ?, ?, 0, 3)', digest('a'), 'layer/0', 11],
  ['INSERT INTO links VALUES (?, ?, ?, 1)', 'team/app', digest('a'), 0],
  [
    'INSERT INTO manifests VALUES (?, ?, ?, ?, ?)',
    ...['team/app', digest('b'), digest('c'), 'text/plain'],
    JSON.stringify({
      digest: digest('b'),
      size: 22,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      blob: { digest: digest('b'), size: 22, key: 'manifest/1' },
      subject: digest('c'),
      artifactType: 'text/plain',
    }),
  ],
  ['INSERT INTO refs VALUES (?, ?, 0, ?)', 'team/app', digest('b'), digest('a')],
  ['INSERT INTO tags VALUES (?, ?, ?)', 'team/app', 'v1', digest('b')],
  [
    'INSERT INTO uploads VALUES (?, ?, 7, 1000, ?, ?, 99)',
    ...['0c2f9d3e-6f5b-4c57-9d1e-5f4f3f0c2a11', 'someone'],
    JSON.stringify({
      id: '0c2f9d3e-6f5b-4c57-9d1e-5f4f3f0c2a11',
      repository: 'team/app',
      principal: 'someone',
      offset: 7,
      algorithm: 'sha256',
      hexSoFar: 'ab',
      stage: { size: 7, key: 'k', upload: null, etags: [], tail: { key: 't', size: 7 } },
      startedAt: 900,
      touchedAt: 1000,
    }),
    'a request of before',
  ],
]

/** A digest made of one letter. */
export function digest(letter: string): string {
  return `sha256:${letter.repeat(64)}`
}
