import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseRepositoryName, parseTag } from '../../../src/index.ts'
import { sampleDigest } from '../../../src/testing/samples.ts'
import { pullCommands } from '../../../src/ui/artifact/pull-commands.ts'
import { registryHost } from '../../../src/ui/artifact/registry-host.ts'
import type { ArtifactKind } from '../../../src/ui/readers/kinds.ts'

const digest = sampleDigest(1)

function commandsOf(
  kind: ArtifactKind,
  origin: string,
  name = 'team/app',
  tag: string | null = 'v1',
) {
  const host = registryHost(new URL(origin), {})
  const repository = parseRepositoryName(name)
  if (host === null || repository === null) throw new Error('a name of the test is none')
  return pullCommands({ host, repository, tag: tag === null ? null : parseTag(tag), digest, kind })
}

describe('commands that pull', () => {
  test('an image come with the likely client first', () => {
    const commands = commandsOf('image', 'https://registry.example')
    expect(Object.fromEntries(commands.map(({ client, byTag }) => [client, byTag]))).toEqual({
      docker: 'docker pull registry.example/team/app:v1',
      podman: 'podman pull registry.example/team/app:v1',
      kubernetes: 'containers:\n  - name: app\n    image: registry.example/team/app:v1',
      skopeo: 'skopeo copy docker://registry.example/team/app:v1 oci:app:v1',
      crane: 'crane pull --format=oci registry.example/team/app:v1 app',
      oras: 'oras cp registry.example/team/app:v1 --to-oci-layout app:v1',
      'kubernetes-volume':
        'volumes:\n  - name: app\n    image:\n      reference: registry.example/team/app:v1',
    })
    expect(commands[0]?.client).toBe('docker')
    expect(commands[0]?.byDigest).toBe(`docker pull registry.example/team/app@${digest}`)
  })

  test('tell clients where there is no TLS', () => {
    const commands = commandsOf('index', 'http://10.0.0.1:5000').map(({ byTag }) => byTag)
    expect(commands).toContain('podman pull --tls-verify=false 10.0.0.1:5000/team/app:v1')
    expect(commands).toContain(
      'skopeo copy --all --src-tls-verify=false docker://10.0.0.1:5000/team/app:v1 oci:app:v1',
    )
  })

  test('keep the brackets of an address from shells that take them for a pattern', () => {
    const lines = commandsOf('image', 'http://[::1]:5000').flatMap(({ client, byTag }) =>
      client.startsWith('kubernetes') ? [] : [byTag],
    )
    for (const line of lines) expect(line).toMatch(/ '(?:docker:\/\/)?\[::1\]:5000\/team\/app:v1'/)
    expect(commandsOf('chart', 'http://[::1]:5000')[0]?.byTag).toBe(
      "helm pull 'oci://[::1]:5000/team/app' --version v1 --plain-http",
    )
  })

  test('a chart come with Helm first, and with the version as Helm has it', () => {
    const [helm, oras] = commandsOf('chart', 'http://h.example:80', 'charts/dock', '1.0.0_b.1')
    expect(helm).toEqual({
      client: 'helm',
      byTag: 'helm pull oci://h.example/charts/dock --version 1.0.0+b.1 --plain-http',
      byDigest: `helm pull oci://h.example/charts/dock@${digest} --plain-http`,
    })
    expect(oras?.byTag).toBe('oras pull --plain-http h.example/charts/dock:1.0.0_b.1')
  })

  test('an artifact come with ORAS first, and without Docker', () => {
    const clients = commandsOf('artifact', 'https://registry.example').map(({ client }) => client)
    expect(clients[0]).toBe('oras')
    expect(clients).not.toContain('docker')
  })

  test('know no tag where the digest was asked for', () => {
    for (const { byTag, byDigest } of commandsOf('image', 'https://h.example', 'app', null)) {
      expect(byTag).toBeNull()
      expect(byDigest).toContain(`@${digest}`)
    }
  })
})

describe('the host of a registry', () => {
  test.each([
    ['http://127.0.0.1:5000/', { name: '127.0.0.1:5000', isPlain: true, isLoopback: true }],
    ['http://localhost/', { name: 'localhost', isPlain: true, isLoopback: true }],
    ['https://registry.example/', { name: 'registry.example', isPlain: false, isLoopback: false }],
    ['https://[::1]:5000/', { name: '[::1]:5000', isPlain: false, isLoopback: true }],
    // Docker would look for a repository called `registry` elsewhere.
    ['https://registry/', { name: 'registry:443', isPlain: false, isLoopback: false }],
    ['http://registry/', { name: 'registry:80', isPlain: true, isLoopback: false }],
  ])('%s is understood', (url, host) => {
    expect(registryHost(new URL(url), {})).toEqual(host)
  })

  test('has TLS where a trusted proxy says so', () => {
    expect(registryHost(new URL('http://h.example/'), { secure: true })?.isPlain).toBe(false)
  })

  test.each(['a;id', 'a$(id)', 'a`id`', "a'b", 'a&b', 'a_b', '-a', `${'a'.repeat(300)}.b`])(
    '%s gets into no command',
    (host) => {
      expect(
        URL.canParse(`http://${host}/`) && registryHost(new URL(`http://${host}/`), {}),
      ).toBeFalsy()
    },
  )

  test('that is any text has nothing that a shell acts on', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const url = `http://${text}/`
        if (!URL.canParse(url)) return
        const host = registryHost(new URL(url), {})
        if (host !== null) expect(host.name).toMatch(/^[a-z0-9.:[\]-]+$/i)
      }),
    )
  })
})
