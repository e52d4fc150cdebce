import { digestOf, Pusher, types } from './content.mjs'

/** Texts that break pages which take them for markup, for links, or for short and printable. */
export const hostileTexts: readonly string[] = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(2)>',
  `'><svg/onload=alert(3)>`,
  '</title></textarea></style></script><script>alert(4)</script>',
  '<!--<script>alert(5)//-->',
  '<a href="javascript:alert(6)">click</a>',
  '<iframe srcdoc="<script>parent.alert(7)</script>"></iframe>',
  '<meta http-equiv=refresh content="0;url=http://127.0.0.2/">',
  '<base href="http://127.0.0.2/">',
  '<style>*{display:none}</style>',
  '<form action=http://127.0.0.2/><input name=a>',
  '&lt;script&gt;alert(8)&lt;/script&gt;&#x3c;b&#x3e;',
  '{{constructor.constructor("alert(9)")()}} $' + '{alert(10)} `alert(11)`',
  'photo_\u202egnp.exe',
  '\u2066isolated\u2069 \u200bzero\u200b width \ufeff',
  'bell \u0007 escape \u001b[31m null \u0000 delete \u007f next line \u0085',
  'lines\r\n\tand\u2028more\u2029lines',
  'unbreakable'.repeat(300),
  'ﷺ'.repeat(200),
  `Z${'\u0351\u0352\u0353\u0354'.repeat(200)}algo`,
  '__proto__',
  'constructor',
]

/** Links that lead where no link of a page may lead. */
export const hostileLinks: readonly string[] = [
  'javascript:alert(20)',
  ' javascript:alert(21)',
  'java\tscript:alert(22)',
  'JaVaScRiPt:alert(23)//https://example.com',
  'data:text/html,<script>alert(24)</script>',
  'vbscript:msgbox(25)',
  'file:///etc/passwd',
  'blob:https://example.com/1',
  '//127.0.0.2/path',
  'https://example.com/"onclick="alert(26)',
  'https://user:password@example.com/',
  'https://example.com/\u202egnp.exe',
  `https://example.com/${'a'.repeat(20_000)}`,
  'https://[::1',
]

/** What stands in place of a text. */
const oddValues: readonly unknown[] = [null, 7, true, {}, [], [[['a']]], { toString: 'x' }]

/** Every hostile text under a key of its own, and as a key. */
const annotations: Readonly<Record<string, string>> = Object.fromEntries(
  hostileTexts.flatMap((text, index) => [
    [`example.com/${index}`, text],
    [`${text.slice(0, 200)} ${index}`, 'as a key'],
  ]),
)

const all: readonly string[] = [...hostileTexts, ...hostileLinks]
const at = (list: readonly string[], index: number): string => list[index % list.length] ?? ''

/** A value that is nested so deep that a careless program overflows. */
function deep(depth: number): string {
  return `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`
}

/** Annotations of a manifest whose links are hostile. */
function linked(index: number): Record<string, string> {
  const kinds = ['source', 'url', 'documentation', 'licenses', 'vendor', 'authors', 'created']
  return {
    'org.opencontainers.image.title': at(hostileTexts, index),
    'org.opencontainers.image.description': at(hostileTexts, index + 1),
    ...Object.fromEntries(
      kinds.map((kind, offset) => [
        `org.opencontainers.image.${kind}`,
        at(offset < 3 ? hostileLinks : hostileTexts, index + offset),
      ]),
    ),
  }
}

/** The config of an image in which every field is hostile. */
function hostileConfig(index: number): object {
  const text = at(all, index)
  return {
    created: text,
    author: text,
    architecture: text,
    os: text,
    variant: text,
    config: {
      User: text,
      ExposedPorts: Object.fromEntries(all.map((each) => [each, {}])),
      Volumes: Object.fromEntries(all.map((each) => [each, {}])),
      Env: [...all, ...all.map((each) => `${each}=${each}`), ...oddValues],
      Entrypoint: [...all],
      Cmd: [...all, ...oddValues],
      WorkingDir: text,
      StopSignal: text,
      Labels: annotations,
      Healthcheck: { Test: [...all], Interval: text },
    },
    rootfs: { type: text, diff_ids: [...all] },
    history: [
      ...all.map((each) => ({ created: each, created_by: each, comment: each, author: each })),
      ...oddValues,
    ],
  }
}

/** Configs that are no configs, as bytes. */
const brokenConfigs: readonly (readonly [name: string, bytes: Uint8Array])[] = [
  ['empty', Buffer.from('')],
  ['no-json', Buffer.from('<html><script>alert(30)</script>')],
  ['null', Buffer.from('null')],
  ['list', Buffer.from('[1,2,3]')],
  ['text', Buffer.from('"<script>alert(31)</script>"')],
  ['no-utf8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0xc3, 0x28, 0x7d])],
  [
    'no-utf8-inside',
    Buffer.concat([Buffer.from('{"os":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]),
  ],
  [
    'lone-surrogate',
    Buffer.from('{"os":"\\ud800","architecture":"\\udc00<b>","author":"\\u202e"}'),
  ],
  ['deep', Buffer.from(deep(100_000))],
  [
    'odd-fields',
    Buffer.from(JSON.stringify({ config: [], history: {}, os: {}, created: 7, rootfs: null })),
  ],
  [
    'proto',
    Buffer.from(
      '{"__proto__":{"os":"x"},"config":{"Labels":{"__proto__":"<b>","constructor":"y"}}}',
    ),
  ],
  ['large', Buffer.from(JSON.stringify({ os: 'linux', author: 'a'.repeat(1_500_000) }))],
]

/**
 * Pushes all of it below `hostile/`, and returns the repositories.
 *
 * @param send sends a request to a registry that takes sparse manifests
 */
export async function pushHostile(
  send: ConstructorParameters<typeof Pusher>[0],
): Promise<readonly string[]> {
  const pusher = new Pusher(send)
  const image = 'hostile/image'
  const repositories = [image, 'hostile/facts', 'hostile/large', longName]
  const layer = { mediaType: types.layer, digest: digestOf('layer'), size: 5 }

  for (const [index] of all.entries()) {
    const config = await pusher.blob(image, hostileConfig(index), types.config)
    const layers = [{ ...layer, annotations: linked(index) }]
    const manifest = { schemaVersion: 2, mediaType: types.manifest, config, layers }
    const tag = `t${index}`
    await pusher.manifest(
      image,
      { ...manifest, annotations: { ...annotations, ...linked(index) } },
      tag,
    )
  }
  for (const [name, bytes] of brokenConfigs) {
    const config = await pushBytes(send, image, bytes, types.config)
    const manifest = { schemaVersion: 2, mediaType: types.manifest, config, layers: [layer] }
    await pusher.manifest(image, manifest, `broken-${name}`)
  }
  const [first] = [
    await pusher.manifest(
      image,
      {
        schemaVersion: 2,
        mediaType: types.manifest,
        config: { ...layer, mediaType: types.config, digest: digestOf('not there') },
        layers: [],
      },
      'no-config',
    ),
  ]
  await pusher.manifest(
    image,
    {
      schemaVersion: 2,
      mediaType: types.index,
      annotations: linked(3),
      manifests: all.map((text, index) => ({
        ...first,
        digest: digestOf(`platform ${index}`),
        platform: {
          os: text,
          architecture: text,
          variant: text,
          'os.version': text,
          'os.features': [text],
        },
        annotations: linked(index),
      })),
    },
    'platforms',
  )

  const facts = 'hostile/facts'
  for (const [index, text] of all.entries()) {
    const chart = {
      name: text,
      version: text,
      appVersion: text,
      description: text,
      home: text,
      icon: text,
      sources: [...hostileLinks],
      keywords: [...all],
      maintainers: [...all.map((name) => ({ name, email: name, url: name })), ...oddValues],
      dependencies: all.map((name) => ({ name, version: name, repository: name })),
    }
    const config = await pusher.blob(facts, chart, 'application/vnd.cncf.helm.config.v1+json')
    const subject = await pusher.artifact(facts, {
      artifactType: '',
      config,
      files: [layer],
      tag: `c${index}`,
    })
    if (index > 3) continue
    for (const [type, document] of hostileDocuments(index)) {
      const file = await pushBytes(send, facts, Buffer.from(document), type)
      await pusher.artifact(facts, {
        artifactType: type,
        subject,
        files: [{ ...file, annotations: { ...linked(index), 'in-toto.io/predicate-type': text } }],
        annotations: { ...annotations, ...linked(index) },
      })
    }
  }

  const large = 'hostile/large'
  const huge = {
    'example.com/huge': 'x'.repeat(2_000_000),
    'org.opencontainers.image.description': '<b>'.repeat(300_000),
  }
  const config = await pusher.blob(large, {}, types.config)
  await pusher.manifest(
    large,
    { schemaVersion: 2, mediaType: types.manifest, config, layers: [], annotations: huge },
    'annotation',
  )
  const layers = Array.from({ length: 1000 }, (_, index) => ({
    ...layer,
    digest: digestOf(`l${index}`),
    size: index ** 3,
  }))
  await pusher.manifest(
    large,
    { schemaVersion: 2, mediaType: types.manifest, config, layers },
    'layers',
  )
  const manifests = Array.from({ length: 1000 }, (_, index) => ({
    mediaType: types.manifest,
    digest: digestOf(`m${index}`),
    size: 500,
    platform: { os: 'linux', architecture: `a${index}` },
  }))
  await pusher.manifest(large, { schemaVersion: 2, mediaType: types.index, manifests }, 'index')

  const small = await pusher.blob(longName, {}, types.config)
  for (const tag of [longTag, `${longTag.slice(0, -1)}.`, '__proto__', 'constructor', '_', '0']) {
    await pusher.manifest(
      longName,
      { schemaVersion: 2, mediaType: types.manifest, config: small, layers: [] },
      tag,
    )
  }
  return repositories
}

/** As long as names of repositories and tags may be, without a place to break. */
export const longName = `${'n'.repeat(120)}/${'m'.repeat(134)}`
export const longTag = 't'.repeat(128)

/** Documents about an image in which every text is hostile, or which are no documents. */
function* hostileDocuments(index: number): Generator<readonly [type: string, text: string]> {
  const names = [...all, ...oddValues]
  const spdx = {
    spdxVersion: at(all, index),
    name: at(all, index),
    creationInfo: { creators: [...all], created: at(all, index) },
    packages: names.map((name) => ({
      name,
      versionInfo: name,
      licenseDeclared: name,
      licenseConcluded: name,
      supplier: name,
    })),
  }
  yield ['application/spdx+json', JSON.stringify(spdx)]
  const cyclonedx = {
    bomFormat: 'CycloneDX',
    specVersion: at(all, index),
    metadata: { component: { name: at(all, index) }, tools: [...all] },
    components: names.map((name) => ({
      name,
      version: name,
      licenses: [{ license: { id: name, name } }, { expression: name }],
    })),
  }
  yield ['application/vnd.cyclonedx+json', JSON.stringify(cyclonedx)]
  yield [
    'application/vnd.in-toto+json',
    JSON.stringify({ _type: at(all, index), predicateType: at(all, index), subject: names }),
  ]
  yield ['application/spdx+json', deep(50_000)]
  yield ['application/vnd.cyclonedx+json', '{"components":'.repeat(3)]
  yield ['application/vnd.example.odd', '<script>alert(40)</script>']
}

async function pushBytes(
  send: ConstructorParameters<typeof Pusher>[0],
  repository: string,
  body: Uint8Array,
  mediaType: string,
): Promise<{ readonly mediaType: string; readonly digest: string; readonly size: number }> {
  const digest = digestOf(body)
  const answer = await send('POST', `/v2/${repository}/blobs/uploads/?digest=${digest}`, { body })
  if (answer.status !== 201) throw new Error(`${answer.status} ${await answer.text()}`)
  return { mediaType, digest, size: body.byteLength }
}
