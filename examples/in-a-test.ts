// A registry inside a test of your own: it has no port, and needs no start and no stop.
import { artifact, faults, image, index, testRegistry } from 'layerdock/testing'

const registry = testRegistry()
export const digests: Readonly<Record<string, string>> = await registry.push({
  'app:arm': image({ layers: ['base', 'arm'], config: { architecture: 'arm64' } }),
  'app:amd': image({ layers: ['base', 'amd'] }),
  'app:latest': index({ 'linux/arm64': 'app:arm', 'linux/amd64': 'app:amd' }),
  sbom: artifact({ subject: 'app:latest', type: 'application/spdx+json', layers: ['{}'] }),
})
registry.fault({ method: 'GET', times: 2, fault: faults.refuse(429, { retryAfter: 1 }) })

// The code under test. The test passes `registry.fetch` in place of the global `fetch`.
async function latestWithRetries(fetch: typeof registry.fetch): Promise<string | null> {
  const path = '/v2/app/manifests/latest'
  for (let tries = 0; tries < 5; tries += 1) {
    const response = await fetch(path)
    if (response.ok) return response.headers.get('docker-content-digest')
  }
  return null
}
export const found: string | null = await latestWithRetries(registry.fetch)
export const asked: readonly (number | null)[] = registry.requests.map(({ status }) => status)
