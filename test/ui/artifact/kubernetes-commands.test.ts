import { describe, expect, test } from 'vitest'
import { parseRepositoryName } from '../../../src/index.ts'
import { sampleDigest } from '../../../src/testing/samples.ts'
import { type PullClient, pullCommands } from '../../../src/ui/artifact/pull-commands.ts'
import { registryHost } from '../../../src/ui/artifact/registry-host.ts'
import { documentsOf } from '../../deploy/documented.ts'
import { hasSchemas, type Manifest, problemsOf } from '../../deploy/manifests.ts'

type Spec = Readonly<Record<string, ReadonlyArray<Readonly<Record<string, unknown>>>>>

const digest = sampleDigest(1)

/** What stands in a pod, as Kubernetes reads what the page shows: by tag and by digest, of each of these names. */
function readAsYaml(client: PullClient, names: readonly string[], origin: string): readonly Spec[] {
  const host = registryHost(new URL(origin), {})
  const texts = names.flatMap((name) => {
    const repository = parseRepositoryName(name)
    if (host === null || repository === null) throw new Error('a name of the test is none')
    const target = { host, repository, tag: 'v1' as never, digest, kind: 'image' as const }
    const found = pullCommands(target).find((command) => command.client === client)
    return [found?.byTag ?? '', found?.byDigest ?? '']
  })
  return documentsOf<Spec>(texts.join('\n---\n'))
}

/** Some of these are a number, a date or nothing where YAML finds them without quotes. */
const names = [
  ...['team/app', 'team/123', 'team/1e3', 'team/0x1f', 'team/2026-11-28', 'team/null'],
  ...['team/true', 'team/no', 'team/y', 'team/a__b', 'team/x.y', '9/9', `team/${'a'.repeat(90)}`],
]
const origins = ['http://127.0.0.1:5000', 'https://registry.example', 'http://[::1]:5000']

describe.each(origins)('what the page of %s shows for Kubernetes', (origin) => {
  const base = new URL(origin).host

  test('is a container with a name and the image', () => {
    const found = readAsYaml('kubernetes', names, origin)
    const containers = found.flatMap(({ containers = [] }) => containers)
    expect(containers.map(({ image }) => image)).toEqual(
      names.flatMap((name) => [`${base}/${name}:v1`, `${base}/${name}@${digest}`]),
    )
    for (const { name } of containers)
      expect(name).toMatch(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/)
  })

  test.skipIf(!hasSchemas)('makes pods that are valid', () => {
    const containers = readAsYaml('kubernetes', names, origin)
    const volumes = readAsYaml('kubernetes-volume', names, origin)
    expect(volumes).toHaveLength(containers.length)
    for (const [at, container] of containers.entries()) {
      const pod = {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'one', labels: {} },
        spec: { ...container, ...volumes[at] },
      }
      expect(problemsOf(pod as Manifest)).toEqual([])
    }
  })
})
