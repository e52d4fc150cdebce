// A quota for each repository: the bytes that its blobs and manifests have together.
import type { CallContext, Registry, RegistryService, RepositoryName } from 'layerdock'
import { createRegistry, everyItem, RegistryError } from 'layerdock'

const nothing = { pipe: async (): Promise<void> => {}, abort: (): void => {} }
/** Refuses pushes that take a repository over `quota` bytes, and blobs without a stated length. */
export function repositoryQuota(service: RegistryService, quota: number): RegistryService {
  type Call = [CallContext, RepositoryName, ...unknown[]]
  const pending: Map<RepositoryName, number> = new Map()
  async function charge<T>([call, name]: Call, size: number, push: () => Promise<T>): Promise<T> {
    let total = (pending.get(name) ?? 0) + size
    try {
      pending.set(name, total) // A push that ends while others count is counted twice, not never.
      if ((await service.countRepository(call, name)) !== null) {
        for await (const b of everyItem((p) => service.listBlobs(call, name, p))) total += b.size
        const manifests = everyItem((page) => service.listManifests(call, name, page))
        for await (const { record } of manifests) total += record.size
      }
      if (total <= quota) return await push()
      throw new RegistryError('denied', { advice: `${name} may have ${quota} bytes` })
    } finally {
      if (pending.set(name, (pending.get(name) ?? 0) - size).get(name) === 0) pending.delete(name)
    }
  }
  return {
    ...service,
    mountBlob: async () => null, // The client pushes the blob instead, which is counted.
    pushBlob: (...a) => charge(a, a[3].length ?? quota + 1, () => service.pushBlob(...a)),
    putManifest: (...a) => charge(a, a[3].bytes.length, () => service.putManifest(...a)),
    async finishUpload(...a) {
      const [body, detail] = [a[4], await service.uploadStatus(a[0], a[1], a[2])]
      const last = detail.offset + (body === null ? 0 : (body.length ?? quota + 1)) - 1
      const end = { source: nothing, range: { first: detail.offset, last }, ...body }
      if (end.range.first !== detail.offset) throw new RegistryError('chunkOutOfOrder', { detail })
      return charge(a, end.range.last + 1, () => service.finishUpload(a[0], a[1], a[2], a[3], end))
    },
  }
}
export const registry: Registry = createRegistry({ wrap: (s) => repositoryQuota(s, 1024 ** 3) })
