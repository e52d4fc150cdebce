import type { RepositoryName } from '../../index.ts'
import type {
  MetadataStore,
  Outbox,
  OutboxClaims,
  OutboxEntry,
  OutboxLimits,
  OutboxTrimming,
} from '../../kit.ts'
import { equals, holds, type Need } from '../contract.ts'
import {
  blobOf,
  type CasePlace,
  here,
  long,
  type MetadataStoreCase,
  placeCase,
} from './store-case.ts'

/** Endpoints of the cases. */
export const east = 'east'
export const west = 'west'

/** Bounds that no case reaches. */
export const boundless: OutboxLimits = {
  waiting: 1e6,
  waitingBytes: 1e9,
  dead: 1e6,
  deadBytes: 1e9,
}

/** A case of what is to be sent because of changes. */
export function outboxCase(
  name: string,
  body: (store: MetadataStore, outbox: Outbox, place: CasePlace) => Promise<void>,
  needs: readonly Need[] = [],
): MetadataStoreCase {
  return placeCase(name, ['outbox', ...needs], async (place) => {
    const store = await place.open()
    await body(store, outboxOf(store), place)
  })
}

/** The outbox of a store, which must have one. */
export function outboxOf({ outbox }: MetadataStore): Outbox {
  holds(outbox !== undefined, 'a store that supports it has an outbox')
  return outbox
}

/** Makes a change of a repository that has a message sent to some endpoints. */
export async function send(
  store: MetadataStore,
  text: string,
  { to = [east], repository = here }: { to?: readonly string[]; repository?: RepositoryName } = {},
): Promise<void> {
  const tell = () => [{ endpoints: to, text }]
  await store.linkBlob(repository, blobOf(1), long, { tell })
}

/** Claims what can be claimed, for a long time. */
export function claimAll(
  outbox: Outbox,
  endpoints: readonly string[] = [east, west],
): Promise<OutboxClaims> {
  return outbox.claim(endpoints, { limit: 100, forMs: long })
}

/** Claims the only message that can be claimed, of some endpoints and for some time. */
export async function claimOnly(
  outbox: Outbox,
  { of = [east, west], forMs = long }: { of?: readonly string[]; forMs?: number } = {},
): Promise<OutboxEntry> {
  const { entries } = await outbox.claim(of, { limit: 100, forMs })
  const [entry, ...others] = entries
  holds(entry !== undefined && others.length === 0, 'one message can be claimed')
  return entry
}

/** The texts of what can be claimed, as often as something can, in the order in which it was delivered. */
export async function drain(
  outbox: Outbox,
  endpoints: readonly string[] = [east, west],
): Promise<string[]> {
  const texts: string[] = []
  for (;;) {
    const { entries } = await claimAll(outbox, endpoints)
    if (entries.length === 0) return texts
    texts.push(...textsOf(entries))
    await outbox.delivered(entries)
    holds(texts.length < 10_000, 'what was delivered is not given out again')
  }
}

/** Holds all endpoints to limits, in as many steps as it takes. */
export async function trimAll(outbox: Outbox, limits: OutboxLimits): Promise<OutboxTrimming> {
  const sum = { buried: 0, dropped: 0 }
  for (;;) {
    const { buried, dropped } = await outbox.trim(limits)
    sum.buried += buried
    sum.dropped += dropped
    if (buried + dropped === 0) return sum
    holds(sum.buried < 10_000, 'trimming comes to an end')
  }
}

/** Checks what an outbox lists. */
export async function listed(
  outbox: Outbox,
  state: OutboxEntry['state'],
  texts: readonly string[],
): Promise<void> {
  const page = await outbox.list({ limit: 1000, state })
  equals(textsOf(page.items), texts, state === 'dead' ? 'dead letters' : 'what waits')
}

/** The texts of entries. */
export function textsOf(entries: readonly OutboxEntry[]): string[] {
  return entries.map(({ text }) => text)
}
