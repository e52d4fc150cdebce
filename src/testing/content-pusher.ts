import {
  type CallContext,
  callContext,
  type Digest,
  type Reference,
  type RegistryService,
  type RepositoryName,
} from '../index.ts'
import { bytesSource } from '../kit.ts'
import { type Built, buildArtifact, buildImage, buildIndex } from './built-content.ts'
import type { Content, Contents } from './contents.ts'
import { repositoryNamed, tagNamed } from './samples.ts'

/** Pushes contents and tells their digests, by the names they were given. */
export type ContentPusher = <Name extends string>(
  contents: Readonly<Record<Name, Content>>,
) => Promise<Readonly<Record<Name, Digest>>>

/** Something with a name: what it is, and where it was put. */
interface Named {
  readonly built: Built
  readonly repository: RepositoryName
}

/** Makes a pusher that remembers what it pushed, so that later pushes can name it. */
export function contentPusher(service: RegistryService): ContentPusher {
  const known: Map<string, Named> = new Map()

  return async (contents) => {
    const fresh: Map<string, Named> = new Map()
    const under: Set<string> = new Set()

    const find = async (name: string, by: string): Promise<Named> => {
      if (Object.hasOwn(contents, name)) return pushOnce(name)
      const earlier = known.get(name)
      if (earlier === undefined) throw new Error(`${by} names ${name}, which was not pushed`)
      return earlier
    }
    const pushOnce = async (name: string): Promise<Named> => {
      const done = fresh.get(name)
      if (done !== undefined) return done
      if (under.has(name)) throw new Error(`${name} is a part of itself`)
      under.add(name)
      const made = await make(name, (contents as Contents)[name] as Content, find)
      const { repository, tag } = placeOf(name, made.beside)
      const reference: Reference =
        tag === null
          ? { kind: 'digest', digest: made.built.descriptor.digest }
          : { kind: 'tag', tag: tagNamed(tag) }
      await store(service, repository, made.built, reference)
      const named = { built: made.built, repository }
      fresh.set(name, named)
      known.set(name, named)
      return named
    }

    const names = Object.keys(contents)
    for (const name of names) await pushOnce(name)
    const digests = names.map((name) => [name, fresh.get(name)?.built.descriptor.digest])
    return Object.fromEntries(digests)
  }
}

/** Builds what a name stands for; `beside` is the repository of what it is about, if anything. */
async function make(
  name: string,
  content: Content,
  find: (name: string, by: string) => Promise<Named>,
): Promise<{ built: Built; beside: RepositoryName | null }> {
  switch (content.kind) {
    case 'image':
      return { built: await buildImage(content.parts), beside: null }
    case 'artifact': {
      const { subject } = content.parts
      const about = subject === undefined ? null : await find(subject, name)
      const built = await buildArtifact(content.parts, about?.built ?? null)
      return { built, beside: about?.repository ?? null }
    }
    case 'index': {
      const children: [string, Built][] = []
      for (const [platform, child] of Object.entries(content.manifests)) {
        children.push([platform, (await find(child, name)).built])
      }
      return { built: await buildIndex(children, content.annotations), beside: null }
    }
  }
}

function placeOf(
  name: string,
  beside: RepositoryName | null,
): { repository: RepositoryName; tag: string | null } {
  const colon = name.indexOf(':')
  if (colon === -1) return { repository: beside ?? repositoryNamed(name), tag: null }
  return { repository: repositoryNamed(name.slice(0, colon)), tag: name.slice(colon + 1) }
}

/** A pusher is the test itself, which needs no permission. */
const call: CallContext = callContext()

/** Puts a manifest and all it needs into a repository, as a client would. */
async function store(
  service: RegistryService,
  repository: RepositoryName,
  built: Built,
  reference: Reference,
): Promise<void> {
  for (const { bytes, descriptor } of built.blobs) {
    const { digest, size } = descriptor
    await service.pushBlob(call, repository, digest, { source: bytesSource(bytes), length: size })
  }
  for (const child of built.manifests) {
    const { digest } = child.descriptor
    await store(service, repository, child, { kind: 'digest', digest })
  }
  const { mediaType } = built.descriptor
  await service.putManifest(call, repository, reference, { bytes: built.bytes, mediaType })
}
