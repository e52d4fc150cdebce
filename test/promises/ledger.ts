/** Where a test runs. `core` is code without a runtime's own parts, which runs on Node for all of them. */
export type Place = 'core' | 'node' | 'bun' | 'deno' | 'workerd'

/** Tests of one file that show a row. */
export interface Proof {
  readonly places: readonly Place[]
  readonly file: string
  /** The file that has the titles, where that is another. */
  readonly titlesIn: string
  /** As the file has them, placeholders included. */
  readonly titles: readonly string[]
}

/** A failure of another project, and what shows that Layerdock does not have it. */
export interface Row {
  /** As README.md has it. */
  readonly failure: string
  /** Where it could happen: each has a proof. */
  readonly concerns: readonly Place[]
  readonly proofs: readonly Proof[]
}

type ProofIn = (file: string, ...titles: readonly string[]) => Proof

function proofIn(places: readonly Place[], folder: string, titlesIn?: string): ProofIn {
  return (file, ...titles) => {
    const path = `${folder}/${file}.test.ts`
    return { places, file: path, titlesIn: titlesIn ?? path, titles }
  }
}

const wire: readonly Place[] = ['node', 'bun', 'deno']
const core = proofIn(['core'], 'test/promises')
const node = proofIn(['node'], 'test/promises')
const everywhere = proofIn(wire, 'test/promises')
const inCore = (folder: string): ProofIn => proofIn(['core'], `test/${folder}`)
const onWire = (folder: string): ProofIn => proofIn(wire, `test/${folder}`)

/** The same requests on the other runtimes, each in a file of its own. */
function elsewhere(...titles: readonly string[]): readonly Proof[] {
  const folders = { bun: 'bun', deno: 'deno', workerd: 'edge' } as const
  return (['bun', 'deno', 'workerd'] as const).map((place) =>
    proofIn([place], `test/${folders[place]}`, 'test/runtimes/parity.ts')('requests', ...titles),
  )
}

function connections(...titles: readonly string[]): readonly Proof[] {
  return (['bun', 'deno'] as const).map((place) =>
    proofIn([place], `test/${place}`, 'test/runtimes/connections.ts')('connections', ...titles),
  )
}

export const ledger: readonly Row[] = [
  {
    failure: "tus `d2489f2`: `%2F` and NUL in an upload id left the store's folder",
    concerns: ['core'],
    proofs: [
      core(
        'hostile-names',
        'none of 10,000 strings becomes a path outside its folder',
        'sent to every endpoint, they reach no path outside the store and cause no 500',
      ),
      inCore('disk')(
        'blob-attacks',
        'no string that passes for a key or an id leads out of the folder',
      ),
    ],
  },
  {
    failure: 'Symbolic links planted in a store',
    concerns: ['core'],
    proofs: [
      inCore('disk')(
        'blob-attacks',
        'a symbolic link in place of a blob is not followed',
        'a symbolic link in place of staged bytes is not followed',
        'a pipe or a folder in place of a blob neither hangs nor opens',
      ),
      inCore('disk')('store', 'with a symbolic link for %s is refused'),
    ],
  },
  {
    failure:
      'Path confusion: CVE-2026-47676, CVE-2026-39406, CVE-2026-39407, CVE-2026-29087, CVE-2025-58362',
    concerns: [...wire, 'workerd'],
    proofs: [
      node('path-confusion', 'has at least 36 cases', 'GET %j', 'with %j', 'serves nothing for %j'),
      ...elsewhere('GET %j', 'with %j', 'serves nothing for %j'),
    ],
  },
  {
    failure: 'Host poisoning: CVE-2024-32652',
    concerns: wire,
    proofs: [
      node('path-confusion', '%s is answered without any of it'),
      everywhere(
        'served-everywhere',
        'no Host and no forwarded header is in an answer, the realm of a challenge included',
        'without a public URL, the realm has the host that was asked, and nothing else of a client',
      ),
      onWire('runtimes')('peers', 'is the address of the connection, whatever headers say'),
    ],
  },
  {
    failure: 'Request smuggling: CVE-2024-22019 and its family',
    concerns: [...wire, 'workerd'],
    proofs: [
      node(
        'smuggling',
        'has at least 15 cases',
        'refuses %s, and the request after it',
        'never serves the body of %s',
      ),
      ...elsewhere('refuses %s, and the request after it', 'never serves the body of %s'),
    ],
  },
  {
    failure: 'Body limits that trust `Content-Length`: CVE-2026-44456, CVE-2026-54288',
    concerns: ['core', ...wire],
    proofs: [
      core('body-limits', 'an endless manifest is 413 as soon as it is too large'),
      node('body-limits', 'on Node, a chunked body is cut off after the limit'),
      core('body-limits', 'while 256 MiB go to disk'),
      everywhere('served-everywhere', 'a body without a length ends at its limit, not at its end'),
    ],
  },
  {
    failure: 'Manifests of any size in memory: CVE-2017-11468, zot #3977',
    concerns: ['core'],
    proofs: [
      core(
        'body-limits',
        'a manifest that arrives byte by byte costs no more memory than its bytes',
      ),
      inCore('http')(
        'limits',
        'by default a manifest may be 4 MiB, as the specification wants, and no more',
      ),
      inCore('core')(
        'manifest-bounds',
        'what a record keeps of a manifest does not keep its text in memory',
      ),
    ],
  },
  {
    failure: 'Lists of any length: CVE-2023-2253',
    concerns: ['core'],
    proofs: [
      core(
        'listing-bounds',
        'n is bounded (CVE-2023-2253): %s',
        'needs no more memory for n of a billion than for a page',
      ),
    ],
  },
  {
    failure: 'Type confusion: GHSA-qq97-vm5h-rrhg',
    concerns: ['core'],
    proofs: [
      core('type-confusion', 'refuses %s', 'serves the bytes and the type as they were pushed'),
    ],
  },
  {
    failure: 'Names that JavaScript uses itself; documents too deep to print',
    concerns: ['core'],
    proofs: [
      core(
        'javascript-names',
        'survive a restart of the disk store, in the snapshot and in the journal',
        'do not change a prototype',
        'a manifest 64 levels deep is accepted',
      ),
      inCore('access')('policy-decisions', 'are names of users, groups and claims like others'),
    ],
  },
  {
    failure: 'Digests that were not checked, by path and by algorithm: ferro-oci-server',
    concerns: ['core'],
    proofs: [
      core(
        'digests',
        'a blob in one step under %s',
        'a blob in a session under %s',
        'a manifest under %s',
        'a mount under %s',
      ),
    ],
  },
  {
    failure: 'Blobs served through repositories without them: CVE-2024-39897, CVE-2026-35172',
    concerns: ['core'],
    proofs: [
      core(
        'membership',
        'a repository without the blob does not serve it: %s',
        'a manifest does not grant access to the content that it names',
        'users × repositories: no user reaches the content of another: %s',
      ),
      inCore('access')(
        'reads',
        'under any policy, callers read what they may pull and learn of nothing else',
        'a push that names content of another repository is told what one that names nothing is',
      ),
    ],
  },
  {
    failure: 'Private names in headers: GHCR',
    concerns: ['core'],
    proofs: [
      core('response-headers', 'an allowlist of response headers (GHCR leaked private names)'),
    ],
  },
  {
    failure: 'A route without an access check: CVE-2026-31801, CVE-2026-41888, CVE-2022-31667',
    concerns: ['core'],
    proofs: [
      core(
        'choke-point',
        'lists every route with the action that it asks for',
        'answers every other method with 405, without calling the service',
      ),
      inCore('access')(
        'matrix',
        'every route has its requests',
        'a caller with %s',
        '$method by $kind',
        'methods that no row has are 405 for everybody, and change nothing',
      ),
      inCore('access')(
        'immutable-policy',
        'a semver tag is made once; those who are excepted move it',
        'no deletion takes it, by tag, digest, or with its layers or its repository',
        'a tag that a caller may not delete keeps its manifest',
      ),
    ],
  },
  {
    failure:
      'Forged tokens: CVE-2025-24976, CVE-2026-47673, GHSA-c9p4-xwr9-rfhx, algorithm confusion',
    concerns: ['core', ...wire],
    proofs: [
      inCore('access')(
        'forged-tokens',
        'a token of another issuer',
        'a token of ours',
        '%s is a 401',
        '%s is a 401 as the password too',
        'never makes the registry ask for what its header names',
      ),
      onWire('cli')('access', 'takes the token of a CI job as the password, and no forged one'),
    ],
  },
  {
    failure: "Credentials sent to an attacker's realm: CVE-2026-33540",
    concerns: ['core', ...wire],
    proofs: [
      inCore('access')(
        'issuer-keys',
        'are asked for without any credentials, and of no other host',
        '%s are a 503 for its tokens, and others go on',
      ),
      everywhere(
        'served-everywhere',
        'no Host and no forwarded header is in an answer, the realm of a challenge included',
      ),
    ],
  },
  {
    failure: 'Comparison of secrets whose time reveals them: hono `91def7ca`',
    concerns: ['core'],
    proofs: [
      core('secret-comparisons', 'are never compared by ===', 'are compared to the end'),
      inCore('access')(
        'htpasswd',
        'spends as much on a user that is not there as on a wrong password',
      ),
    ],
  },
  {
    failure: 'Stored XSS and CORS: hono `f0b094db`, zot #3980',
    concerns: ['core', ...wire, 'workerd'],
    proofs: [
      core('response-headers', 'answers in a browser (stored XSS; CORS: hono f0b094db, zot #3980)'),
      inCore('http')(
        'cors',
        'no page of another origin learns or does anything',
        'no page of another host changes anything, also over plain HTTP, where Origin alone says so',
        'pages may read without credentials, and write nothing',
      ),
      proofIn(['node'], 'test/http')('cors', 'and may write'),
      ...elsewhere('may read blobs and errors'),
    ],
  },
  {
    failure: 'Header and log injection',
    concerns: ['core', ...wire],
    proofs: [
      core('header-injection', "a client's string never becomes a header or a failure"),
      node('header-injection', 'the log of a request is one line without control characters'),
      everywhere(
        'served-everywhere',
        'control characters of a client are a 400 or a name, and in no line of the log',
      ),
    ],
  },
  {
    failure: 'Secrets in logs: zot `8a99a3ed`',
    concerns: wire,
    proofs: [
      everywhere(
        'canary-secrets',
        'are in no log, audit line or answer, whatever a client sends',
        'are in no message of a server that does not start',
      ),
      everywhere(
        'canary-watching',
        'are in no log, audit line, metric, span, list of webhooks or answer',
      ),
    ],
  },
  {
    failure: 'Upload sessions without a cap: ferro-oci-server',
    concerns: ['core'],
    proofs: [
      core(
        'upload-caps',
        'in number, for each who calls',
        'in bytes of all blobs together',
        'in time, on disk: an expired session leaves nothing behind',
      ),
      inCore('http')('limits', 'one more with bytes is 429, until one ends'),
    ],
  },
  {
    failure: 'Slow clients',
    concerns: wire,
    proofs: [
      node(
        'slow-clients',
        'the server has every timeout except one for a whole push',
        'stalled clients are cut while a good one is served; the bytes they sent are kept',
      ),
      proofIn(['node'], 'test/node-http')(
        'serve',
        'an upload that trickles lasts as long as it moves',
      ),
      ...connections(
        'are cut, whatever they wait for',
        'are cut when they do not read',
        'are not cut while a byte comes now and then',
      ),
    ],
  },
  {
    failure: 'Many ranges in one request',
    concerns: ['core', ...wire],
    proofs: [
      core('ranges', 'a range gives at most the blob once'),
      everywhere('served-everywhere', 'a thousand ranges of a blob are no more than the blob'),
    ],
  },
  {
    failure: 'Decompression: CVE-2026-22036',
    concerns: ['core'],
    proofs: [
      core('body-limits', 'a compressed bomb is stored and served as it is'),
      inCore('access')('issuer-keys', '%s are a 503 for its tokens, and others go on'),
    ],
  },
  {
    failure: 'Metrics that scan the store, or are open to everyone: zot, ferro-oci-server',
    concerns: wire,
    proofs: [everywhere('served-everywhere', 'there are no metrics to scrape')],
  },
]
