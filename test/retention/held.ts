import type { MetadataStore } from '../../src/kit.ts'
import { but } from '../contracts/breaking.ts'

export function held(store: MetadataStore): MetadataStore {
  if (store.checksDeletions === true) return store
  return but(store, (inner) => ({
    checksDeletions: true,
    async deleteTag(repository, tag, options = {}) {
      const all = (await inner.listTagRecords(repository, { limit: 1000 }))?.items ?? []
      const found = all.find((one) => one.tag === tag)
      if (found === undefined) return null
      if (options.expect !== undefined && options.expect !== found.digest) return null
      if (options.notSince !== undefined && found.updatedAt >= options.notSince) return null
      return inner.deleteTag(repository, tag)
    },
    async deleteManifest(repository, digest, options) {
      const found = await inner.findManifest(repository, digest)
      const since = Math.max(found?.pushedAt ?? 0, found?.untaggedAt ?? 0)
      if (found !== null && options.notSince !== undefined && since >= options.notSince) {
        return { kind: 'kept', tag: null, since }
      }
      return inner.deleteManifest(repository, digest, options)
    },
  }))
}
