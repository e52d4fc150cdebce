import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { readAnswers } from '../clients/cluster-check.mjs'

const folder = mkdtempSync(join(tmpdir(), 'layerdock-answers-'))
afterAll(() => rmSync(folder, { recursive: true }))

const line = (answer: string, request: string, retries = '0'): string =>
  `127.0.0.1:39640 [27/Nov/2026:14:48:04.811] registry nodes/node1 0/0/1/3/4 ${answer} 4/4/2/2/${retries} 0/0 "${request} HTTP/1.1"`

function answersOf(...lines: string[]): ReturnType<typeof readAnswers> {
  const file = join(folder, 'log')
  writeFileSync(file, lines.join('\n'))
  return readAnswers(file)
}

test('what a client had reason to expect, and was told is not there, is a false answer', () => {
  const id = 'sha256:db5c'
  const { unknown, requests } = answersOf(
    line('404 194 - - ----', `HEAD /v2/a/b/blobs/${id}`),
    line('404 194 - - ----', 'HEAD /v2/a/b/manifests/v1'),
    line('404 194 - - ----', `GET /v2/a/b/blobs/${id}`),
    line('404 194 - - ----', `PUT /v2/a/b/blobs/uploads/abc?digest=${id}`),
    line('404 194 - - ----', 'PATCH /v2/a/b/blobs/uploads/abc'),
    line('404 194 - - ----', 'GET /v2/a/b/manifests/v1'),
    line('400 194 - - ----', 'PUT /v2/a/b/manifests/v1'),
    line('201 194 - - ----', 'PUT /v2/a/b/manifests/v1'),
  )
  expect(requests).toBe(8)
  expect(unknown).toEqual([
    `404 GET /v2/a/b/blobs/${id}`,
    `404 PUT /v2/a/b/blobs/uploads/abc?digest=${id}`,
    '404 PATCH /v2/a/b/blobs/uploads/abc',
    '404 GET /v2/a/b/manifests/v1',
    '400 PUT /v2/a/b/manifests/v1',
  ])
})

test('failures, requests that another node took, and names are counted', () => {
  const found = answersOf(
    line('502 250 - - SH--', 'PATCH /v2/a/blobs/uploads/abc'),
    line('-1 0 - - CD--', 'PATCH /v2/a/blobs/uploads/abc'),
    line('201 1 - - ----', 'PUT /v2/a/manifests/v1', '+1'),
    line('201 1 - - ----', 'PUT /v2/a/manifests/sha256:00'),
    line('507 1 - - ----', 'PUT /v2/a/manifests/v2'),
  )
  expect(found.redispatched).toBe(1)
  expect([...found.byStatus]).toEqual([
    ['502 SH--', 1],
    ['-1 CD--', 1],
    ['507 ----', 1],
  ])
  expect(found.tags).toEqual(new Map([['a', new Set(['v1'])]]))
})
