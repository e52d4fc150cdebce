// Quarantine: an image is pulled once it is signed, and until then only by those who sign or scan it.
import type { CallContext, Digest, Registry, RegistryService, RepositoryName } from 'layerdock'
import { createRegistry, manifestHooks, tagName } from 'layerdock'

/** What a signature has as its layer, and as its artifact type: cosign's and notation's. */
const signatures: readonly string[] = [
  'application/vnd.dev.cosign.simplesigning.v1+json',
  'application/vnd.dev.sigstore.bundle.v0.3+json',
  'application/jose+json',
  'application/vnd.cncf.notary.signature',
]

/** Looks whether there is a signature. What is in it, those who pull verify. */
export function quarantine(
  service: RegistryService,
  mayInspect: (call: CallContext) => boolean,
): RegistryService {
  async function isSigned(call: CallContext, name: RepositoryName, of: Digest): Promise<boolean> {
    const tag = tagName(`${of.replace(':', '-')}.sig`)
    if ((await service.statManifest(call, name, { kind: 'tag', tag })) !== null) return true
    const found = signatures.map((artifactType) =>
      service.listReferrers(call, name, of, { artifactType }),
    )
    return (await Promise.all(found)).some(({ items }) => items.length > 0)
  }
  /** A signature has to be read to be verified. Nothing can be run whose layers are signatures. */
  async function isSignature(call: CallContext, name: RepositoryName, it: Digest) {
    const found = await service.getManifest(call, name, { kind: 'digest', digest: it })
    const { layers = [] } = JSON.parse(new TextDecoder().decode(found?.bytes)) as Document
    return layers.length > 0 && layers.every(({ mediaType }) => signatures.includes(mediaType))
  }
  return manifestHooks({
    async servable(call, { repository, digest }) {
      if (mayInspect(call) || (await isSigned(call, repository, digest))) return 'serve'
      if (await isSignature(call, repository, digest)) return 'serve'
      return { refuse: `${digest} waits for its signature` }
    },
    // biome-ignore lint/suspicious/noConsole: the log of a program this small
    onNotice: console.error,
  })(service)
}

interface Document {
  readonly layers?: ReadonlyArray<{ readonly mediaType: string }>
}

export const registry: Registry = createRegistry({
  wrap: (service) => quarantine(service, ({ principal }) => principal?.id === 'signer'),
  access: {
    authenticate: async ({ headers }) =>
      headers.get('authorization') === `Bearer ${process.env.SIGNER_TOKEN}`
        ? { id: 'signer' }
        : null,
    authorize: async (_, asks) => asks.map(() => 'allow'),
    challenge: () => 'Bearer realm="registry"',
  },
})
