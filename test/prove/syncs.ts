import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sha256 } from '../clients/bytes.mjs'
import { noise } from '../clients/ledger.mjs'
import { Random } from '../disk/simulation/random.ts'
import { forgotten } from './forgotten-syncs.ts'
import type { Proof } from './proof.ts'
import { Server } from './server.ts'
import { SyncTrace } from './sync-trace.ts'

const calls =
  'openat,close,write,writev,pwrite64,pwritev,pwritev2,sendto,sendmsg,fsync,fdatasync,ftruncate,rename,renameat,renameat2,link,linkat,mkdir,mkdirat,accept4,accept'

/** Each answer of a server whose system calls are traced, against what was synced before it. */
export const syncs: Proof = {
  says: 'everything that a 201 or the 202 of a deletion stands for was synced before it was sent',
  where: 'outside',
  unit: 'rounds of six changes, one after the other, under strace',
  lengths: { short: 5, full: 200 },
  breaks: Object.keys(forgotten),
  async run({ runtime, seed, length, broken }) {
    if (spawnSync('strace', ['-V']).error !== undefined) {
      return { text: '0 changes traced, since there is no strace', violations: [] }
    }
    const folder = mkdtempSync(join(tmpdir(), 'layerdock-prove-'))
    const log = join(folder, 'trace')
    const around = ['strace', '-f', '-y', '-qq', '-s', '64', '-o', log, '-e', `trace=${calls}`]
    const server = await Server.start({ runtime, broken, around })
    let changes = 0
    try {
      const random = new Random(seed)
      for (let round = 0; round < length; round += 1) {
        changes += await changesOf(server.url, `${seed}/${round}`, random)
      }
    } finally {
      await server.end('SIGTERM')
    }
    const { acknowledged, violations } = SyncTrace.read(log, join(server.folder, 'store'))
    await server.remove()
    rmSync(folder, { recursive: true, force: true })
    if (acknowledged !== changes) {
      violations.push(`${changes} changes were acknowledged, and ${acknowledged} are in the trace`)
    }
    return { text: `${acknowledged} acknowledged changes traced`, violations }
  },
}

const mediaType = 'application/vnd.oci.image.manifest.v1+json'

/** Pushes small and large blobs and a manifest, deletes it; how many changes were acknowledged. */
async function changesOf(origin: string, name: string, random: Random): Promise<number> {
  const base = `${origin}/v2/syncs/app`
  const expectStatus = async (
    status: number,
    url: string,
    init: RequestInit,
  ): Promise<Response> => {
    const answer = await fetch(url, init)
    const text = await answer.text()
    if (answer.status !== status) throw new Error(`${init.method} ${url}: ${answer.status} ${text}`)
    return answer
  }
  const blobs = [
    noise(`${name}/0`, 1 + random.below(9000)),
    noise(`${name}/1`, 70_000 + random.below(200_000)),
  ]
  for (const bytes of blobs) {
    const opened = await expectStatus(202, `${base}/blobs/uploads/`, { method: 'POST' })
    const at = new URL(opened.headers.get('location') ?? '', origin)
    at.searchParams.set('digest', sha256(bytes))
    await expectStatus(201, at.href, { method: 'PUT', body: new Uint8Array(bytes) })
  }
  const [config, ...layers] = blobs.map((bytes) => {
    return { mediaType: 'a/b', digest: sha256(bytes), size: bytes.length }
  })
  const manifest = JSON.stringify({ schemaVersion: 2, mediaType, config, layers })
  const headers = { 'content-type': mediaType }
  const put = { method: 'PUT', headers, body: manifest }
  await expectStatus(201, `${base}/manifests/one`, put)
  await expectStatus(201, `${base}/manifests/two`, put)
  await expectStatus(202, `${base}/manifests/two`, { method: 'DELETE' })
  await expectStatus(202, `${base}/manifests/${sha256(Buffer.from(manifest))}`, {
    method: 'DELETE',
  })
  return 6
}
