import { describe, expect, test } from 'vitest'
import {
  type ManifestHooks,
  type ManifestToPush,
  manifestHooks,
} from '../../src/core/manifest-hooks.ts'
import {
  type CallContext,
  callContext,
  createRegistry,
  type Notice,
  RegistryError,
  repositoryName,
  tagName,
} from '../../src/index.ts'
import {
  type Client,
  clientOf,
  digestOf,
  expectError,
  imageManifest,
  ociManifest,
  utf8,
} from '../http/client.ts'

const text = imageManifest('layer')
const digest = digestOf(text)
const path = '/v2/team/app/manifests'
const secret = 'the password of the scanner is hunter2'

/** A registry with hooks, which has an image under the tag `old`. */
async function withHooks(hooks: ManifestHooks): Promise<{
  client: Client
  notices: Notice[]
  put(reference?: string, body?: string): Promise<Response>
}> {
  const notices: Notice[] = []
  let isReady = false
  const hooked = manifestHooks({ onNotice: (notice) => notices.push(notice), ...hooks })
  const registry = createRegistry({
    wrap: (service) => {
      const inner = hooked(service)
      return {
        ...inner,
        putManifest: (...push) => (isReady ? inner : service).putManifest(...push),
      }
    },
  })
  const client = clientOf(registry)
  for (const content of ['{}', 'layer', 'other']) await client.pushBlob('team/app', content)
  await client.pushManifest('team/app', 'old', text)
  isReady = true
  const put = (reference = 'new', body = text): Promise<Response> =>
    client.send('PUT', `${path}/${reference}`, { headers: { 'Content-Type': ociManifest }, body })
  return { client, notices, put }
}

const read = (client: Client, reference: string): Promise<Response[]> =>
  Promise.all(['GET', 'HEAD'].map((method) => client.send(method, `${path}/${reference}`)))

const statuses = async (client: Client, reference: string): Promise<number[]> =>
  (await read(client, reference)).map(({ status }) => status)

describe('beforeManifest', () => {
  test('sees what is pushed, and for whom', async () => {
    const seen: Array<[CallContext, ManifestToPush]> = []
    const { put } = await withHooks({
      beforeManifest(call, manifest) {
        seen.push([call, manifest])
        return 'take'
      },
    })
    const signature = imageManifest('layer', {
      artifactType: 'application/vnd.example',
      subject: { mediaType: ociManifest, digest, size: text.length },
    })
    expect((await put(`${digestOf(signature)}?tag=a&tag=b`, signature)).status).toBe(201)
    expect((await put('tagged')).status).toBe(201)
    const references = [digestOf('{}'), digestOf('layer')]
    const common = { repository: 'team/app', mediaType: ociManifest, references }
    expect(seen.map(([, { signal: _, bytes: __, ...manifest }]) => manifest)).toEqual([
      {
        ...common,
        reference: { kind: 'digest', digest: digestOf(signature) },
        tags: ['a', 'b'],
        digest: digestOf(signature),
        artifactType: 'application/vnd.example',
        subject: digest,
      },
      {
        ...common,
        reference: { kind: 'tag', tag: 'tagged' },
        tags: ['tagged'],
        digest,
        artifactType: 'application/vnd.oci.image.config.v1+json',
      },
    ])
    expect(seen[1]?.[1].bytes).toEqual(utf8(text))
    expect(seen[0]?.[0]).toMatchObject({ principal: null, isProgram: false })
  })

  test('refuses with its message, and nothing is stored', async () => {
    const { client, put, notices } = await withHooks({
      beforeManifest: async () => ({ refuse: 'images need a label' }),
    })
    const [error] = await expectError(await put(), 403, 'DENIED')
    expect(error?.message).toMatch(/images need a label$/)
    expect(await statuses(client, 'new')).toEqual([404, 404])
    expect(notices).toEqual([])
  })

  test('refuses as a RegistryError says that it throws', async () => {
    const { put } = await withHooks({
      beforeManifest() {
        throw new RegistryError('manifestInvalid', { detail: { reason: 'no label' } })
      },
    })
    const [error] = await expectError(await put(), 400, 'MANIFEST_INVALID')
    expect(error?.detail).toEqual({ reason: 'no label' })
  })

  test('is not asked about what is no manifest', async () => {
    let asked = 0
    const { put } = await withHooks({
      beforeManifest() {
        asked += 1
        return 'take'
      },
    })
    await expectError(await put('new', '{}'), 400, 'MANIFEST_INVALID')
    expect(asked).toBe(0)
  })

  test('that approves a digest approves no other content', async () => {
    const { put } = await withHooks({ beforeManifest: () => 'take' })
    await expectError(await put(digest, imageManifest('other')), 400, 'DIGEST_INVALID')
  })

  test('does not hold up blobs or reads', async () => {
    const { client } = await withHooks({ beforeManifest: () => ({ refuse: 'nothing' }) })
    await client.pushBlob('team/app', 'more')
    expect(await statuses(client, 'old')).toEqual([200, 200])
  })
})

describe('servable', () => {
  test('sees what is read, by tag and by digest', async () => {
    const seen: unknown[] = []
    const { client } = await withHooks({
      servable(_call, { signal: _, ...manifest }) {
        seen.push(manifest)
        return 'serve'
      },
    })
    expect(await statuses(client, 'old')).toEqual([200, 200])
    expect(await statuses(client, digest)).toEqual([200, 200])
    const info = { repository: 'team/app', digest, size: text.length, mediaType: ociManifest }
    const [byTag, byDigest] = [
      { ...info, tag: 'old' },
      { ...info, tag: null },
    ]
    expect(seen).toEqual([byTag, byTag, byDigest, byDigest])
    expect(await statuses(client, 'absent')).toEqual([404, 404])
    expect(seen).toHaveLength(4)
  })

  test('refuses with its message, also where the client has the manifest already', async () => {
    const { client } = await withHooks({ servable: () => ({ refuse: 'it waits for a signature' }) })
    const [error] = await expectError(await client.send('GET', `${path}/old`), 403, 'DENIED')
    expect(error?.message).toMatch(/it waits for a signature$/)
    expect(await statuses(client, digest)).toEqual([403, 403])
    const headers = { 'If-None-Match': `"${digest}"` }
    expect((await client.send('GET', `${path}/old`, { headers })).status).toBe(403)
  })

  test('hides a manifest as if it were not there', async () => {
    const { client } = await withHooks({ servable: () => 'hide' })
    const hidden = await client.send('GET', `${path}/old`)
    const absent = await client.send('GET', `${path}/${digestOf('absent')}`)
    const [entry] = await expectError(hidden, 404, 'MANIFEST_UNKNOWN')
    const [other] = await expectError(absent, 404, 'MANIFEST_UNKNOWN')
    expect(entry?.message).toBe(other?.message)
    expect(await statuses(client, digest)).toEqual([404, 404])
  })

  test('is asked again for what a tag stands for by the time it is read', async () => {
    const other = imageManifest('other')
    let move: () => Promise<unknown> = () => Promise.resolve()
    const { client, put } = await withHooks({
      async servable(_call, manifest) {
        const moving = move
        move = () => Promise.resolve()
        await moving()
        return manifest.digest === digest ? 'serve' : { refuse: 'not this one' }
      },
    })
    move = () => put('old', other)
    const [error] = await expectError(await client.send('GET', `${path}/old`), 403, 'DENIED')
    expect(error?.message).toMatch(/not this one$/)
  })

  test('is asked about calls of the program too', async () => {
    const wrap = manifestHooks({
      servable: (call) => (call.isProgram ? 'serve' : { refuse: 'programs only' }),
    })
    const registry = createRegistry({ wrap })
    await clientOf(registry).pushImage('app', 'v1')
    const reference = { kind: 'tag', tag: tagName('v1') } as const
    const { service } = registry
    expect(
      await service.getManifest(callContext(), repositoryName('app'), reference),
    ).not.toBeNull()
    const answer = await clientOf(registry).send('GET', '/v2/app/manifests/v1')
    await expectError(answer, 403, 'DENIED')
  })
})

const never = (): Promise<never> => new Promise(() => {})

const failures: ReadonlyArray<readonly [string, () => unknown]> = [
  [
    'throws',
    () => {
      throw new Error(secret)
    },
  ],
  ['rejects', () => Promise.reject(new Error(secret))],
  ['rejects with nothing', () => Promise.reject(undefined)],
  ['never answers', never],
  ['answers nothing', () => undefined],
  ['answers true', () => true],
  ['answers a word it should not', () => 'ok'],
  ['answers an empty refusal', () => ({ refuse: '' })],
  ['answers a refusal that is no text', async () => ({ refuse: { secret } })],
  ['finds its own store out of reach', () => Promise.reject(new RegistryError('unavailable'))],
]

describe.each(failures)('a hook that %s', (_, fail) => {
  const hooks = {
    beforeManifest: fail as () => 'take',
    servable: fail as () => 'serve',
    timeoutMs: 20,
  }

  test('refuses, and only the operator learns why', async () => {
    const { client, put, notices } = await withHooks(hooks)
    const pushed = await put()
    expect(pushed.status).toBe(503)
    const answers = [pushed, ...(await read(client, 'old'))]
    expect(answers.map(({ status }) => status)).toEqual([503, 503, 503])
    for (const answer of answers) expect(await answer.text()).not.toContain('hunter2')
    expect(notices.map((notice) => 'callback' in notice && notice.callback)).toEqual([
      'beforeManifest',
      'servable',
      'servable',
    ])
  })

  test('is passed over where it is to fail open', async () => {
    const { client, put, notices } = await withHooks({ ...hooks, onFailure: 'open' })
    expect((await put()).status).toBe(201)
    expect(await statuses(client, 'new')).toEqual([200, 200])
    expect(notices).toHaveLength(3)
  })
})

test('a hook learns that its time is over, and what it answers then does not count', async () => {
  let answer = (_verdict: 'take'): void => {}
  let isAborted = (): void => {}
  const aborted = new Promise<void>((resolve) => {
    isAborted = resolve
  })
  const { client, put } = await withHooks({
    timeoutMs: 20,
    beforeManifest: (_call, { signal }) => {
      signal.addEventListener('abort', () => isAborted())
      return new Promise((resolve) => {
        answer = resolve
      })
    },
  })
  const pushing = put()
  await aborted
  answer('take')
  expect((await pushing).status).toBe(503)
  expect(await statuses(client, 'new')).toEqual([404, 404])
})

test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31])(
  'a time limit of %d is an error at once',
  (timeoutMs) => {
    expect(() => manifestHooks({ timeoutMs })).toThrow(RangeError)
  },
)

test('a sink of notices that throws changes nothing', async () => {
  const { put } = await withHooks({
    beforeManifest: () => Promise.reject(new Error(secret)),
    onNotice() {
      throw new Error('no log')
    },
  })
  expect((await put()).status).toBe(503)
})
