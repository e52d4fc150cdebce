import { ContentFault, type ContentTarget, type TargetLooks } from './content.ts'

/** A target that is looked at and not changed. @throws TypeError where it cannot be looked at */
export function dryTarget({ looks }: ContentTarget): ContentTarget {
  if (looks === undefined) throw new TypeError('this target cannot be looked at (looks)')
  const { hasBlob, manifest: find }: TargetLooks = looks
  return {
    looks,
    hasBlob: (repository, { digest }) => hasBlob(repository, digest),
    async stageBlob() {
      throw new ContentFault('refused', 'nothing is sent')
    },
    async putManifest(repository, { digest }) {
      const found = await find(repository, { kind: 'digest', digest })
      return found === null ? 'stored' : 'same'
    },
    async setTag(repository, tag, { digest }, { moves }) {
      const found = await find(repository, { kind: 'tag', tag })
      if (found === digest) return { kind: 'same' }
      if (found === null || moves) return { kind: 'set' }
      return { kind: 'conflict', detail: `it stands for ${found} there, and for ${digest} here` }
    },
    async finish() {},
  }
}

/** A target that keeps nothing: what goes there is read to its end and hashed. */
export const nowhere: ContentTarget = {
  hasBlob: async () => false,
  stageBlob: async () => ({
    write: async () => {},
    commit: async () => {},
    discard: async () => {},
  }),
  putManifest: async () => 'stored',
  setTag: async () => ({ kind: 'set' }),
  finish: async () => {},
}
