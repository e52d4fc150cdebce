import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { BareContent } from '../../bench/bare/content.mjs'

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bare-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const body = Buffer.from('some bytes')
const digest = `sha256:${createHash('sha256').update(body).digest('hex')}`

test('a bare server gives back a blob that came in one request or in several, once it is on disk', async () => {
  const content = new BareContent(folder)
  const started = await content.write('POST', '/v2/a/blobs/uploads/', '', Buffer.alloc(0))
  expect(started.status).toBe(202)
  const at = started.headers.Location ?? ''
  await content.write('PATCH', at, '', body.subarray(0, 4))
  const end = await content.write('PUT', `${at}?digest=${digest}`, '', body.subarray(4))
  expect(end).toMatchObject({ status: 201, headers: { Location: `/v2/a/blobs/${digest}` } })
  expect(content.read(`/v2/a/blobs/${digest}`)).toMatchObject({ status: 200, body })
  expect(readFileSync(join(folder, 'bare.log'), 'utf8')).toContain('some bytes')
  const wrong = await content.write('PUT', `${at}?digest=${digest}`, '', Buffer.from('others'))
  expect(wrong.status).toBe(400)
})

test('a bare server gives back a manifest by tag and digest, in a repository of any name', async () => {
  const content = new BareContent(folder)
  const path = '/v2/bench/manifests/manifests/v1'
  expect((await content.write('PUT', path, 'a/type', body)).status).toBe(201)
  for (const reference of ['v1', digest]) {
    const { status, headers } = content.read(`/v2/bench/manifests/manifests/${reference}`)
    expect(status).toBe(200)
    expect(headers).toMatchObject({ 'Content-Type': 'a/type', 'Docker-Content-Digest': digest })
  }
  const upload = await content.write('POST', '/v2/bench/manifests/blobs/uploads/', '', body)
  expect(upload.status).toBe(202)
  expect(content.read('/v2/bench/manifests/manifests/v2').status).toBe(404)
})

test('a bare server lets the oldest content go, so that pushes take a bounded memory', async () => {
  const content = new BareContent(folder)
  for (const name of ['first', 'second', 'third']) {
    await content.write('PUT', `/v2/a/manifests/${name}`, 'a/type', Buffer.alloc(24 << 20, name))
  }
  expect(content.read('/v2/a/manifests/first').status).toBe(404)
  expect(content.read('/v2/a/manifests/third').status).toBe(200)
})
