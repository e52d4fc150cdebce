import assert from 'node:assert/strict'
import type { Files } from '../../../adapters/disk/files.ts'
import { sampleBytes } from '../../../src/testing/index.ts'
import { isExpected, type Ledger, LedgerClient, manifestOf, settle } from './ledger.ts'
import { checkMessages, handOut, teller } from './messages.ts'
import { checkTrash, regret } from './regrets.ts'
import type { SimulatedFiles } from './simulated-files.ts'
import { openSimulated, type SimulatedOptions } from './simulated-registry.ts'

const repository = 'team/app'

/**
 * A life of a store, to which `ledger` says what it acknowledged: small pushes, alone and together, an
 * upload in two parts, deletions, collections, compactions of journal and segments, what is deleted and brought back, a restart.
 */
export async function live(
  files: Files,
  simulated: SimulatedOptions,
  ledger: Ledger,
  seed = 0,
): Promise<void> {
  const bytes = (number: number, size: number): Uint8Array =>
    sampleBytes(size, seed * 1000 + number)
  const options = { ...simulated, outbox: teller(ledger) }
  const { clock, leaseMs } = options
  let one = await openSimulated(files, options)
  let client = new LedgerClient(one.registry, ledger)
  await settle(client)
  const kept = [bytes(1, 300), bytes(2, 0), bytes(3, 1000)]
  const gone = Array.from({ length: 6 }, (_, number) => bytes(10 + number, 700))
  await Promise.all([...kept, ...gone].map((each) => client.push(repository, each)))
  const [first, second] = [manifestOf(kept, `first ${seed}`), manifestOf(gone, `second ${seed}`)]
  await client.tag(repository, 'first', first)
  await client.tag(repository, 'second', second)
  await handOut(one, ledger, 2)
  const unfinished = bytes(4, 900)
  await client.begin(repository, unfinished, 500)
  await client.untag(repository, 'second', second)
  await Promise.all(gone.slice(1).map((each) => client.deleteBlob(repository, each)))
  await client.deleteBlob(repository, gone[0] as Uint8Array)
  await one.registry.collectGarbage()
  await one.metadata.compact()
  await client.finish(repository)
  await handOut(one, ledger, 1)
  const third = manifestOf([unfinished, ...kept.slice(0, 2)], `third ${seed}`)
  await client.tag(repository, 'third', third)
  // Names follow the records that are left.
  await one.registry.compactBytes()
  const more = [bytes(5, 400), bytes(3, 1000), bytes(10, 700)]
  await Promise.all(more.map((each) => client.push(repository, each)))
  await client.tag(repository, 'first', manifestOf(more, `moved ${seed}`))
  await client.untag(repository, 'third', third)
  const regretted = regret(one, client, bytes(8, 600))
  await handOut(one, ledger, 2)
  await regretted
  await one.metadata.compact()
  await one.close()

  one = await openSimulated(files, options)
  client = new LedgerClient(one.registry, ledger)
  const last = bytes(6, 800)
  await client.push(repository, last)
  await client.tag(repository, 'last', manifestOf([last, ...kept], `last ${seed}`))
  await handOut(one, ledger, 1)
  await one.metadata.outbox?.resend({}, 1)
  clock.advance(leaseMs * 2)
  ledger.endLeases()
  await one.registry.collectGarbage()
  await one.registry.compactBytes()
  await one.registry.sweepBytes(0)
  await client.push(repository, bytes(7, 100))
  await one.close()
}

/** Paths of a ledger under which a registry has something else. */
export async function violations(client: LedgerClient, ledger: Ledger): Promise<string[]> {
  const wrong: string[] = []
  for (const [path, expectation] of ledger.names) {
    const found = await client.read(path)
    const head = await client.send('HEAD', path, null, { accept: '*/*' })
    const isThere = head.status === 200
    if (isExpected(found, expectation) && isThere === (found !== null)) continue
    wrong.push(
      `${path}: ${found === null ? 'nothing' : `${found.byteLength} bytes`}, ${head.status}`,
    )
  }
  return wrong
}

/** What the next process finds: all that was acknowledged, also once it has tidied up; and it goes on. */
export async function check(
  files: SimulatedFiles,
  options: SimulatedOptions,
  ledger: Ledger,
  cause: 'kill' | 'power loss',
): Promise<void> {
  const known = ledger.copy()
  const one = await openSimulated(files, { ...options, outbox: teller(known) })
  const client = new LedgerClient(one.registry, known)
  // Not every life has its changes told of.
  const isTold = ledger.told > 0
  if (isTold) await checkMessages(one, client)
  expectNone(await violations(client, ledger), 'at first')
  if (ledger.upload !== null) await checkUpload(client, ledger, cause)
  await checkTrash(one.metadata, client)
  await one.registry.sweepBytes(0)
  await one.registry.compactBytes()
  await one.registry.collectGarbage()
  expectNone(await violations(client, client.ledger), 'tidied up')
  // Nothing is left that no name points at.
  for await (const { key, digest } of one.blobs.list()) {
    assert.deepEqual(await one.metadata.knowsKeys([{ digest, key }]), [true], key)
  }
  const added = sampleBytes(200, 99)
  assert.equal((await client.push(repository, added)).status, 201)
  const tagged = await client.tag(repository, 'added', manifestOf([added], 'added'))
  assert.equal(tagged.status, 201)
  expectNone(await violations(client, client.ledger), 'afterwards')
  assert.deepEqual(
    one.notices.filter(({ kind }) => kind === 'bytes-missing'),
    [],
  )
  if (isTold) await checkMessages(one, client)
  await one.close()
  assert.equal(files.descriptors, 0, 'descriptors left open')
}

/** A process that dies keeps what it acknowledged; after power loss the digest decides. */
async function checkUpload(
  client: LedgerClient,
  { upload }: Ledger,
  cause: 'kill' | 'power loss',
): Promise<void> {
  const { location, offset } = upload as NonNullable<Ledger['upload']>
  const status = await client.send('GET', location)
  if (cause === 'kill') {
    assert.equal(status.status, 204)
    assert.equal(status.headers.get('range'), `0-${offset - 1}`)
    assert.equal((await client.finish(repository))?.status, 201)
    return
  }
  const answer = await client.finish(repository)
  assert([201, 400, 404, 416].includes(answer?.status ?? 0), `${answer?.status}`)
}

function expectNone(wrong: readonly string[], when: string): void {
  assert.deepEqual(wrong, [], `${when}: ${wrong.join('; ')}`)
}
