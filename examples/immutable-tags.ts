// Tags that never move: once `v1.2.3` is pushed, no push, `tag` parameter or deletion changes it.
import type { CallContext, Registry, RegistryService, Tag } from 'layerdock'
import { createRegistry, derivedCall, everyItem, RegistryError } from 'layerdock'

/** Keeps tags that match `pattern` where they are, as far as changes come through this wrapper. */
export function immutableTags(service: RegistryService, pattern: RegExp): RegistryService {
  const matches = (tag: Tag): boolean => tag.search(pattern) !== -1
  /** The store checks each change in the step that makes it, so no tag moves in between. */
  const strict = (call: CallContext): CallContext =>
    derivedCall(call, { isImmutable: (tag) => matches(tag) || call.isImmutable?.(tag) === true })
  return {
    ...service,
    putManifest: (call, ...push) => service.putManifest(strict(call), ...push),
    deleteManifest: (call, ...which) => service.deleteManifest(strict(call), ...which),
    deleteBlob: (call, ...which) => service.deleteBlob(strict(call), ...which),
    async deleteRepository(call, name) {
      for await (const tag of everyItem((page) => service.listTags(call, name, page))) {
        if (matches(tag)) throw new RegistryError('tagImmutable', { detail: { tag } })
      }
      return service.deleteRepository(call, name)
    },
  }
}
export const registry: Registry = createRegistry({ wrap: (s) => immutableTags(s, /^v\d/) })
