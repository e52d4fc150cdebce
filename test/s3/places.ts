import { fetchTransport } from '../../adapters/s3/fetch-transport.ts'
import {
  type S3Options,
  type S3Request,
  type S3Transport,
  s3Blobs,
} from '../../adapters/s3/index.ts'
import { nodeTransport } from '../../adapters/s3/node-transport.ts'
import type { BlobStorePlace, Supports } from '../../src/testing/index.ts'

/** What a bucket supports: everything. */
export const s3Supports: Supports = {
  reopen: true,
  secondInstance: true,
  outages: true,
  presign: true,
}

/** A transport that counts requests, and fails when it is told. */
export interface WatchedTransport extends S3Transport {
  /** Requests so far, such as `PUT` or `POST uploads`. */
  readonly requests: string[]
  /** Lets `more` requests through, and no other, as though the process died; its answers are lost from the last on. */
  dieAfter(more: number, how: 'before' | 'answer'): void
  /** Lets one request fail, after `skip` others: see `failOnce` of a contract's place. */
  failOnce(skip?: number): () => boolean
}

export function watched(
  inner: S3Transport = nodeTransport(64) ?? fetchTransport(),
): WatchedTransport {
  const requests: string[] = []
  /** How many requests still go well before one fails; null when none is to fail. */
  let left: number | null = null
  let alive = Number.POSITIVE_INFINITY
  let dying: 'before' | 'answer' = 'before'
  return {
    requests,
    dieAfter(more, how) {
      alive = more
      dying = how
    },
    async send(request) {
      requests.push(nameOf(request))
      if (left !== null) {
        const strikes = left === 0
        left = strikes ? null : left - 1
        if (strikes) throw new Error('an outage of the test')
      }
      alive -= 1
      if (alive < 0) throw new Error('the process is dead')
      const answer = await inner.send(request)
      if (alive > 0 || dying === 'before') return answer
      answer.body.cancel()
      throw new Error('the process died before the answer')
    },
    close: () => inner.close(),
    failOnce(skip = 0) {
      left = skip
      let struck: boolean | null = null
      return () => {
        struck ??= left === null
        left = null
        return struck
      }
    },
  }
}

function nameOf({ method, url, headers }: S3Request): string {
  const { searchParams } = url
  const names = ['uploads', 'partNumber', 'uploadId', 'list-type']
  const query = names.find((name) => searchParams.has(name)) ?? ''
  const copies = headers['x-amz-copy-source'] === undefined ? '' : 'copy'
  return [method, query, copies].filter((each) => each !== '').join(' ')
}

/** A prefix of a bucket, for any number of stores. */
export function s3Place(options: S3Options, inner?: S3Transport): BlobStorePlace {
  const transport = watched(inner)
  return {
    // An outage of one request is to be seen, so nothing is tried again.
    open: () => s3Blobs({ ...options, transport, retries: 0 }),
    failOnce: (skip) => transport.failOnce(skip),
  }
}
