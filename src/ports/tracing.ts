import type { BlobStore } from './blob-store.ts'
import type { MetadataStore } from './metadata-store.ts'
import type { RequestReport } from './observer.ts'
import type { RegistryService } from './registry-service.ts'
import type { UploadStore } from './upload-store.ts'

/** A span, as W3C Trace Context names it. */
export interface TracePlace {
  /** 32 hex digits. */
  readonly traceId: string
  /** 16 hex digits. */
  readonly spanId: string
  /** Whether the trace is recorded. */
  readonly isSampled: boolean
}

/** Reads a header of a request by its name in lower case; null where it is not there. */
export type HeaderReader = (name: string) => string | null

/** The span of one request. */
export interface RequestSpan {
  /** Null where the request is in no trace. */
  readonly place: TracePlace | null
  /** Runs what answers the request, so that spans within it are its children. */
  run<T>(work: () => T): T
  /** Ends the span, once; null where it is not recorded. */
  readonly end: ((report: RequestReport) => void) | null
}

/** Makes spans of what a registry does. `layerdock/tracing` makes one. */
export interface Tracing {
  /**
   * Begins the span of a request, as a child of what its `traceparent` names.
   *
   * @param route the pattern of its route; null where that is not known yet, or none matches
   * @param header reads its headers; default: from the request
   */
  request(request: Request, route: string | null, header?: HeaderReader | null): RequestSpan
  /** The same service with a span for each call. */
  service(service: RegistryService): RegistryService
  /** The same store with a span for each call that is made for a traced one; so the others. */
  metadata(store: MetadataStore): MetadataStore
  blobs(store: BlobStore): BlobStore
  uploads(store: UploadStore): UploadStore
  /**
   * A call of another server, such as a bucket, has just ended, within what runs now.
   *
   * @param name such as `s3.GetObject`
   */
  called(name: string, seconds: number, isFailed: boolean): void
}
