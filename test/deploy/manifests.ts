import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { project } from './documented.ts'

/** An object of Kubernetes, as far as the tests look at all of them. */
export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly labels: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
}

const require = createRequire(import.meta.url)

/** The schemas of the API, from packages that generate them of Kubernetes's own description. */
const schemas: Readonly<Record<string, string>> = {
  'v1 ConfigMap': 'kubernetes-models/_schemas/IoK8sApiCoreV1ConfigMap',
  'v1 Service': 'kubernetes-models/_schemas/IoK8sApiCoreV1Service',
  'v1 Pod': 'kubernetes-models/_schemas/IoK8sApiCoreV1Pod',
  'v1 ServiceAccount': 'kubernetes-models/_schemas/IoK8sApiCoreV1ServiceAccount',
  'apps/v1 Deployment': 'kubernetes-models/_schemas/IoK8sApiAppsV1Deployment',
  'apps/v1 StatefulSet': 'kubernetes-models/_schemas/IoK8sApiAppsV1StatefulSet',
  'policy/v1 PodDisruptionBudget': 'kubernetes-models/_schemas/IoK8sApiPolicyV1PodDisruptionBudget',
  'autoscaling/v2 HorizontalPodAutoscaler':
    'kubernetes-models/_schemas/IoK8sApiAutoscalingV2HorizontalPodAutoscaler',
  'networking.k8s.io/v1 Ingress': 'kubernetes-models/_schemas/IoK8sApiNetworkingV1Ingress',
  'networking.k8s.io/v1 NetworkPolicy':
    'kubernetes-models/_schemas/IoK8sApiNetworkingV1NetworkPolicy',
  'monitoring.coreos.com/v1 ServiceMonitor':
    '@kubernetes-models/prometheus-operator/_schemas/MonitoringCoreosComV1ServiceMonitor',
}

/** Whether the schemas are installed. */
export const hasSchemas: boolean = existsSync(`${project}node_modules/kubernetes-models`)

/**
 * What is wrong with an object: values that its schema refuses, and fields that it does not know. Schemas of Kubernetes
 * allow any field, and a server drops those that it does not know, so a validator is watched for what it looks at.
 */
export function problemsOf(manifest: Manifest): readonly string[] {
  const name = `${manifest.apiVersion} ${manifest.kind}`
  const path = schemas[name]
  if (path === undefined) return [`${name}: no schema`]
  // By its file, since the package does not offer its schemas by name.
  const { validate } = require(`${project}node_modules/${path}.js`) as { validate: Validate }
  const unread = new Set<string>()
  const isValid = validate(watched(manifest, '', unread))
  const refused = isValid ? [] : [`${name}: ${JSON.stringify(validate.errors)}`]
  return [...refused, ...[...unread].map((field) => `${name}: ${field}: no such field`)]
}

interface Validate {
  (value: unknown): boolean
  errors?: unknown
}

/** The same value; fields are in `unread` until they are read. */
function watched(value: unknown, path: string, unread: Set<string>): unknown {
  if (typeof value !== 'object' || value === null) return value
  const copy: Record<string, unknown> | unknown[] = Array.isArray(value) ? [] : {}
  for (const [key, inner] of Object.entries(value)) {
    const field = `${path}/${key}`
    unread.add(field)
    const made = watched(inner, field, unread)
    Object.defineProperty(copy, key, {
      enumerable: true,
      configurable: true,
      get() {
        unread.delete(field)
        return made
      },
    })
  }
  return copy
}
