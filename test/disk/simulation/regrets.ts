import assert from 'node:assert/strict'
import type { MetadataStore } from '../../../src/kit.ts'
import { digestOfBytes, repositoryNamed } from '../../../src/testing/samples.ts'
import { type LedgerClient, manifestOf } from './ledger.ts'
import type { SimulatedRegistry } from './simulated-registry.ts'

const name = repositoryNamed('team/regret')
const tagPath = `/v2/${name}/manifests/kept`
/** Longer than a simulation goes on, in milliseconds. */
const trashMs = 1e12

type Kind = 'manifest' | 'repository'

/** Deletes an image, then its repository, and brings each back, beside a collection and a snapshot. */
export async function regret(
  { registry, metadata }: SimulatedRegistry,
  client: LedgerClient,
  layer: Uint8Array,
): Promise<void> {
  const image = manifestOf([layer], 'regretted')
  await client.push(name, layer)
  await client.tag(name, 'kept', image)
  const digest = await digestOfBytes(image)
  const removals = {
    manifest: () => metadata.deleteManifest(name, digest, { leaseMs: 0, trashMs }),
    repository: () => metadata.deleteRepository(name, { trashMs }),
  }
  for (const kind of ['manifest', 'repository'] as const) {
    const paths = kind === 'manifest' ? [[tagPath, image] as const] : sureNames(client)
    const gone = paths.map(([path]) => [path, null] as const)
    await changeAll(client, gone, async () => (await removals[kind]()) !== null)
    client.ledger.trashed = { kind, names: paths }
    await registry.collectGarbage()
    await metadata.compact()
    client.ledger.trashed = null
    await changeAll(client, paths, () => restoreLast(metadata, kind))
  }
}

/** All that the repository has for sure, also of earlier lives. */
function sureNames({ ledger }: LedgerClient): ReadonlyArray<readonly [string, Uint8Array]> {
  return [...ledger.names].flatMap(([path, { now, next }]) =>
    path.startsWith(`/v2/${name}/`) && now !== null && next === undefined
      ? [[path, now] as const]
      : [],
  )
}

/** Brings back what the next process has to have in its trash, and checks that all of it is there. */
export async function checkTrash(metadata: MetadataStore, client: LedgerClient): Promise<void> {
  const { trashed } = client.ledger
  if (trashed === null) return
  assert.equal(await restoreLast(metadata, trashed.kind), true, 'what was deleted comes back')
  for (const [path, bytes] of trashed.names) {
    assert.deepEqual(await client.read(path), bytes, `${path} comes back as it was`)
    client.ledger.names.set(path, { now: bytes })
  }
  client.ledger.trashed = null
}

async function restoreLast(metadata: MetadataStore, kind: Kind): Promise<boolean> {
  const { items } = (await metadata.listTrash?.({ limit: 1000 }, name)) ?? { items: [] }
  const entry = items.findLast((each) => each.kind === kind)
  const outcome = entry && (await metadata.restore?.(name, entry.id, { leaseMs: 1000 }))
  return outcome?.kind === 'restored'
}

/** Changes what is under several paths in one step. */
async function changeAll(
  client: LedgerClient,
  changes: ReadonlyArray<readonly [path: string, next: Uint8Array | null]>,
  change: () => Promise<boolean>,
): Promise<Response> {
  const [first, ...others] = changes
  if (first === undefined) return new Response(null, { status: (await change()) ? 202 : 409 })
  return client.ledger.change(...first, () => changeAll(client, others, change))
}
