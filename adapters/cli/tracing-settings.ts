import * as v from 'valibot'
import type { Setting } from './setting.ts'

/** What a server tells OpenTelemetry, where an SDK is registered. */
export interface TracingSettings {
  /** The share of the requests without a trace of their client that have spans: 0 to 1. */
  readonly traceSample: number
}

const message = 'is not a share such as 0.01: a number from 0 to 1'

/** A number from 0 to 1. */
const share: v.GenericSchema<unknown, number> = v.pipe(
  v.union([v.string(), v.number()], message),
  v.check((value) => /^(?:0|1|0?\.[0-9]{1,9}|1\.0{1,9})$/.test(String(value)), message),
  v.transform(Number),
)

/** Their part of the table of settings. */
export const tracingSettings: {
  readonly [K in keyof TracingSettings]: Setting<TracingSettings[K]>
} = {
  traceSample: {
    schema: share,
    default: 1,
    defaultText: '1',
    value: 'SHARE',
    help: "offer this share of the requests to OpenTelemetry's SDK, where one is registered: those with a trace of their client always are, and a request that is not costs next to nothing",
    alias: ['trace-ratio', 'sampling-ratio', 'trace-sample-rate', 'tracing-sample-rate'],
  },
}
