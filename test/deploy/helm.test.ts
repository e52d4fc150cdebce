import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { settingNames } from '../../adapters/cli/settings.ts'
import { parsePolicy } from '../../src/access/index.ts'
import { parseRetention } from '../../src/retention/index.ts'
import { documentsOf, project, textOf } from './documented.ts'
import { hasSchemas, type Manifest, problemsOf } from './manifests.ts'
import { servedBy } from './settings.ts'
import { answers, done, lacks, run } from './tools.ts'

const helm = process.env.TEST_HELM ?? 'helm'
const chart = `${project}deploy/helm/layerdock`
const examples = readdirSync(`${chart}/examples`)
const missing = lacks(
  'helm',
  answers(helm, 'version'),
  'go install helm.sh/helm/v3/cmd/helm@latest',
)
const { version } = JSON.parse(textOf('package.json'))

test('the chart has the version of the package', () => {
  const text = textOf('deploy/helm/layerdock/Chart.yaml')
  expect(text).toContain(`\nversion: ${version}\n`)
  expect(text).toContain(`\nappVersion: ${version}\n`)
})

test('values of their own and names under settings do not meet', () => {
  const schema = JSON.parse(textOf('deploy/helm/layerdock/values.schema.json'))
  const taken = schema.properties.settings.not.anyOf.map(
    ({ required: [name] }: { required: string[] }) => name,
  )
  expect(settingNames).toEqual(expect.arrayContaining(taken))
  const helpers = textOf('deploy/helm/layerdock/templates/_helpers.tpl')
  const set = [...helpers.matchAll(/set \$config "(\w+)"/g)].map(([, name = '']) => name)
  expect(taken).toEqual(expect.arrayContaining(set))
})

interface Pod {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> }
  readonly spec: {
    readonly terminationGracePeriodSeconds: number
    readonly securityContext: object
    readonly automountServiceAccountToken: boolean
    readonly containers: readonly Container[]
    readonly volumes: ReadonlyArray<{ readonly name: string }>
  }
}

interface Container {
  readonly args: readonly string[]
  readonly env?: ReadonlyArray<{ readonly name: string; readonly value?: string }>
  readonly ports: ReadonlyArray<{ readonly name: string; readonly containerPort: number }>
  readonly securityContext: object
  readonly volumeMounts: ReadonlyArray<{ readonly name: string; readonly mountPath: string }>
  readonly startupProbe: Probe
  readonly livenessProbe: Probe
  readonly readinessProbe: Probe
}

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string; readonly scheme: string }
}

/** What a NetworkPolicy lets through. */
interface PolicyRule {
  readonly ports: ReadonlyArray<{ readonly port: string | number; readonly protocol: string }>
}

/** All fields that these tests read of any kind. */
interface Rendered extends Manifest {
  readonly data?: Readonly<Record<string, string>>
  readonly spec?: {
    readonly replicas?: number
    readonly template?: Pod
    readonly selector?: { readonly matchLabels?: object }
    readonly ports?: ReadonlyArray<{ readonly targetPort: string }>
    readonly podSelector?: { readonly matchLabels?: object }
    readonly policyTypes?: readonly string[]
    readonly egress?: readonly PolicyRule[]
    readonly ingress?: readonly PolicyRule[]
    readonly volumeClaimTemplates?: ReadonlyArray<{ readonly metadata: { readonly name: string } }>
  }
}

function render(...words: readonly string[]): readonly Rendered[] {
  const template = ['template', 'registry', chart, '--kube-version', '1.30.0', ...words]
  return documentsOf<Rendered>(done(helm, template))
}

function only(kind: string, all: readonly Rendered[]): Rendered {
  const found = all.filter((each) => each.kind === kind)
  expect(found, kind).toHaveLength(1)
  return found[0] as Rendered
}

describe.skipIf(missing).each(examples)('the chart with %s', (example) => {
  const values = ['--values', `${chart}/examples/${example}`]
  const rendered = missing ? [] : render(...values)
  const workload = rendered.find(({ spec }) => spec?.template !== undefined) as Rendered
  const pod = workload?.spec?.template as Pod
  const [container] = (pod?.spec.containers ?? []) as readonly [Container]

  test('is linted', () => {
    const { status, out } = run(helm, ['lint', '--strict', chart, ...values])
    expect({ status, out: status === 0 ? '' : out }).toEqual({ status: 0, out: '' })
  })

  test.skipIf(lacks('kubernetes-models', hasSchemas, 'npm ci'))(
    'is what Kubernetes knows',
    async () => {
      expect(rendered.length).toBeGreaterThan(3)
      for (const manifest of rendered) expect(problemsOf(manifest)).toEqual([])
    },
  )

  test('starts a server that takes its settings', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'layerdock-chart-'))
    try {
      const { data = {} } = only('ConfigMap', rendered)
      for (const [name, text] of Object.entries(data)) writeFileSync(join(folder, name), text)
      const place = '/etc/layerdock/config'
      const words = container.args.map((word) => word.replace(place, folder))
      const settings = await servedBy(words, {
        LAYERDOCK_LISTEN: ':5000',
        LAYERDOCK_STORAGE_DIR: '/var/lib/layerdock',
      })
      expect(settings.listen).toEqual({ host: '::', port: 5000 })
      const grace = settings.drainDelay + settings.drainSeconds + 10
      expect(pod.spec.terminationGracePeriodSeconds).toBe(grace)
      // Every file that the settings name is mounted.
      const files = Object.values(settings).filter(
        (value): value is string =>
          typeof value === 'string' && value.startsWith('/etc/layerdock/'),
      )
      const mounted = container.volumeMounts.map(({ mountPath }) => `${mountPath}/`)
      for (const file of files) {
        expect(
          mounted.some((path) => file.startsWith(path)),
          file,
        ).toBe(true)
        if (file.startsWith(place))
          expect(Object.keys(data)).toContain(file.slice(place.length + 1))
      }
      if (data['policy.json'] !== undefined) {
        const { problems, warnings } = parsePolicy(data['policy.json'], { loginGroups: true })
        expect([...problems, ...warnings]).toEqual([])
      }
      if (data['retention.json'] !== undefined) {
        expect(parseRetention(data['retention.json']).problems).toEqual([])
      }
      const { scheme } = container.livenessProbe.httpGet
      expect(scheme).toBe(settings.tlsCert === null ? 'HTTP' : 'HTTPS')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test('runs under the restricted pod security standard', () => {
    expect(pod.spec.securityContext).toMatchObject({
      runAsNonRoot: true,
      runAsUser: 65532,
      seccompProfile: { type: 'RuntimeDefault' },
    })
    expect(pod.spec.automountServiceAccountToken).toBe(false)
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    })
  })

  test('refers to what is there', () => {
    const ports = container.ports.map(({ name }) => name)
    for (const { targetPort } of only('Service', rendered).spec?.ports ?? []) {
      expect(ports).toContain(targetPort)
    }
    const { startupProbe, livenessProbe, readinessProbe } = container
    expect(startupProbe.httpGet.path).toBe('/live')
    expect(livenessProbe.httpGet.path).toBe('/live')
    expect(readinessProbe.httpGet.path).toBe('/ready')
    for (const { httpGet } of [startupProbe, livenessProbe, readinessProbe]) {
      expect(ports).toContain(httpGet.port)
    }
    const claims = workload.spec?.volumeClaimTemplates?.map(({ metadata }) => metadata.name) ?? []
    const volumes = [...pod.spec.volumes.map(({ name }) => name), ...claims].sort()
    expect(container.volumeMounts.map(({ name }) => name).sort()).toEqual(volumes)
    expect(pod.metadata.labels).toMatchObject(workload.spec?.selector?.matchLabels ?? {})
    // Secrets are those that people make.
    expect(rendered.filter(({ kind }) => kind === 'Secret')).toEqual([])
  })
})

describe.skipIf(missing)('the chart', () => {
  const users = ['--set', 'access.usersSecret=u']
  const stores = ['--set', 'database.secret=d', '--set', 'bucket.url=s3://b']
  const kinds = (...words: readonly string[]): readonly string[] =>
    render(...words)
      .map(({ kind }) => kind)
      .sort()

  test('makes one pod with a volume, or many without', () => {
    expect(kinds(...users)).toEqual(['ConfigMap', 'Service', 'ServiceAccount', 'StatefulSet'])
    expect(kinds(...users, '--set', 'mode=scaled', ...stores)).toEqual([
      'ConfigMap',
      'Deployment',
      'PodDisruptionBudget',
      'Service',
      'ServiceAccount',
    ])
    const one = only('StatefulSet', render(...users))
    expect(one.spec?.replicas).toBe(1)
    expect(one.spec?.volumeClaimTemplates).toHaveLength(1)
  })

  test('leaves the number of pods to an autoscaler', () => {
    const scaled = ['--set', 'mode=scaled', ...stores, '--set', 'autoscaling.enabled=true']
    const all = render(...users, ...scaled)
    expect(only('Deployment', all).spec).not.toHaveProperty('replicas')
    only('HorizontalPodAutoscaler', all)
  })

  // A StatefulSet puts its name and a hash of 11 characters into a label, which takes 63.
  test.for(['release', 'fullnameOverride'])('leaves room for a hash after a long %s', (where) => {
    const long = 'a'.repeat(53)
    const words =
      where === 'release'
        ? ['template', long, chart]
        : ['template', 'r', chart, '--set', `fullnameOverride=${long}`]
    const all = documentsOf<Rendered>(done(helm, [...words, '--kube-version', '1.30.0', ...users]))
    expect(only('StatefulSet', all).metadata.name.length).toBeLessThanOrEqual(52)
  })

  test('tells ingress-nginx of pods that speak HTTPS', () => {
    const ingress = [...users, '--set', 'ingress.enabled=true']
    const annotation = 'nginx.ingress.kubernetes.io/backend-protocol'
    const annotations = (...words: readonly string[]): object =>
      only('Ingress', render(...ingress, ...words)).metadata.annotations ?? {}
    expect(annotations()).not.toHaveProperty([annotation])
    expect(annotations('--set', 'tls.secret=t')).toHaveProperty([annotation], 'HTTPS')
  })

  test('lets pods reach names, database and bucket, and others the registry and its metrics', () => {
    const all = render('--values', `${chart}/examples/scaled.yaml`)
    const { spec } = only('NetworkPolicy', all)
    const allowed = (rules: readonly PolicyRule[] = []): readonly string[] =>
      rules.flatMap(({ ports }) => ports.map(({ port, protocol }) => `${protocol} ${port}`)).sort()
    expect(spec?.policyTypes).toEqual(['Ingress', 'Egress'])
    // The bucket of the example is one of AWS, which is reached over HTTPS.
    expect(allowed(spec?.egress)).toEqual(['TCP 443', 'TCP 53', 'TCP 5432', 'UDP 53'])
    expect(allowed(spec?.ingress)).toEqual(['TCP metrics', 'TCP registry'])
    expect(spec?.podSelector?.matchLabels).toEqual(
      only('Deployment', all).spec?.selector?.matchLabels,
    )
  })

  test('starts new pods where settings change', () => {
    const hash = (...words: readonly string[]): unknown =>
      only('StatefulSet', render(...users, ...words)).spec?.template?.metadata
    expect(hash('--set', 'settings.collectEvery=2h')).not.toEqual(hash())
    expect(hash()).toEqual(hash())
  })

  test.for([
    [['mode=single'], 'anyone could push'],
    [['access.usersSecret=u', 'mode=scaled'], 'needs database.secret and bucket.url'],
    [['access.usersSecret=u', 'mode=three'], 'mode'],
    [['access.usersSecret=u', 'replica=3'], 'replica'],
    [['access.usersSecret=u', 'settings.listen=:1'], 'settings'],
    [['access.usersSecret=u', 'drain.delay=soon'], 'delay'],
    [['access.anonymousPull=true', 'settings.readOnly=true'], 'needs access.usersSecret'],
    [['access.usersSecret=u', 'metrics.serviceMonitor.enabled=true'], 'needs metrics.enabled'],
    [['access.usersSecret=u', 'metrics.enabled=true', 'metrics.port=5000'], 'a port of its own'],
    [['access.usersSecret=u', 'metrics.enabled=true', 'metrics.port=80'], 'a port of its own'],
    [['access.usersSecret=u', 'autoscaling.enabled=true'], 'needs mode scaled'],
    [['access.usersSecret=u', 'autoscaling.minReplicas=11'], 'less than autoscaling.minReplicas'],
    [['access.usersSecret=u', 'ingress.enabled=true', 'ingress.host='], 'host'],
    [['access.usersSecret=u', String.raw`podLabels.app\.kubernetes\.io/name=a`], 'podLabels'],
    [['access.usersSecret=u', String.raw`podLabels.app\.kubernetes\.io/instance=a`], 'podLabels'],
    [['access.usersSecret=u', 'podLabels.version=1'], 'version'],
    [['access.usersSecret=u', 'service.annotations.internal=true'], 'internal'],
  ] as const)('refuses %s', ([given, words]) => {
    const sets = given.flatMap((value) => ['--set', value])
    const template = ['template', 'r', chart, '--kube-version', '1.30.0', ...sets]
    const { status, err } = run(helm, template)
    expect({ status, err }).toEqual({ status: 1, err: expect.stringContaining(words) })
  })
})

test.skipIf(!hasSchemas)('a field that Kubernetes does not know is noticed', () => {
  const metadata = { name: 'a', labels: {} }
  const service: Manifest & { spec: object } = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata,
    spec: { ports: [{ port: 1, targetPrt: 2 }], type: 'ClusterIP' },
  }
  expect(problemsOf(service)).toEqual(['v1 Service: /spec/ports/0/targetPrt: no such field'])
  const wrong = { ...service, spec: { ports: [{ port: 'x' }] } }
  expect(problemsOf(wrong)).toEqual([expect.stringContaining('integer')])
})
