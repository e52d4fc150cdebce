// Tags that never move: once `v1.2.3` is pushed, no push, `tag` parameter or deletion changes it.
import { hash } from 'node:crypto'
import type { Registry, RegistryService } from 'layerdock'
import { createRegistry, everyItem, RegistryError } from 'layerdock'

/** Keeps tags that match `pattern` where they are, as far as changes come through this wrapper. */
export function immutableTags(service: RegistryService, pattern: RegExp): RegistryService {
  const refuse = (tag: string): void => {
    if (tag.search(pattern) === -1) return
    throw new RegistryError('denied', { advice: `the tag ${tag} never moves` })
  }
  let turn: Promise<unknown> = Promise.resolve()
  /** Checks and makes one change after the other, so that no tag moves in between. */
  const checked =
    <A extends unknown[], T>(make: (...a: A) => Promise<T>, check: (...a: A) => unknown) =>
    (...values: A) => {
      const change = turn.then(() => check(...values)).then(() => make(...values))
      turn = change.catch(() => {})
      return change
    }
  const putManifest = checked(service.putManifest, async (call, name, reference, push) => {
    const tags = [...(push.tags ?? []), ...('tag' in reference ? [reference.tag] : [])]
    const digest = 'tag' in reference ? `sha256:${hash('sha256', push.bytes)}` : reference.digest
    for (const tag of tags) {
      const now = await service.statManifest(call, name, { kind: 'tag', tag })
      if (now !== null && now.digest !== digest) refuse(tag)
    }
  })
  const deleteManifest = checked(service.deleteManifest, async (call, name, reference) => {
    if (reference.kind === 'tag') return refuse(reference.tag)
    const records = everyItem((page) => service.listTagRecords(call, name, page))
    for await (const each of records) if (each.digest === reference.digest) refuse(each.tag)
  })
  const deleteRepository = checked(service.deleteRepository, async (call, name) => {
    for await (const tag of everyItem((page) => service.listTags(call, name, page))) refuse(tag)
  })
  return { ...service, putManifest, deleteManifest, deleteRepository }
}
export const registry: Registry = createRegistry({ wrap: (s) => immutableTags(s, /^v\d/) })
