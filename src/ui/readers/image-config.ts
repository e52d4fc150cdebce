import { type Platform, platformOf } from './manifest-details.ts'
import {
  type Entry,
  entries,
  fields,
  flag,
  keys,
  type Listed,
  list,
  nothing,
  readShape,
  text,
} from './shapes.ts'

/** A step of an image's history. */
export interface HistoryStep {
  /** The command, as the builder wrote it. */
  readonly createdBy: string
  readonly createdAt: number | null
  readonly comment: string | null
  /** Whether it made no layer. */
  readonly isEmpty: boolean
}

/** What the config of an image says. */
export interface ImageConfig {
  readonly platform: Platform | null
  /** In milliseconds since the epoch. */
  readonly createdAt: number | null
  readonly author: string | null
  readonly user: string | null
  readonly workingDirectory: string | null
  readonly stopSignal: string | null
  readonly entrypoint: Listed<string>
  readonly command: Listed<string>
  /** `NAME=value`. */
  readonly environment: Listed<string>
  /** `8080/tcp`. */
  readonly ports: Listed<string>
  readonly volumes: Listed<string>
  readonly labels: Listed<Entry>
  /** The command that says whether a container is healthy. */
  readonly healthcheck: Listed<string>
  readonly history: Listed<HistoryStep>
  /** How many layers it says the image has. */
  readonly layers: number
}

const longestWord = 4000
const words = list(text(longestWord), 200)

const configShape = fields({
  os: text(64),
  architecture: text(64),
  variant: text(64),
  'os.version': text(64),
  created: text(64),
  author: text(500),
  config: fields({
    User: text(256),
    WorkingDir: text(longestWord),
    StopSignal: text(64),
    Entrypoint: words,
    Cmd: words,
    Env: list(text(longestWord), 500),
    ExposedPorts: keys(200),
    Volumes: keys(200),
    Labels: entries(500, longestWord),
    Healthcheck: fields({ Test: words }),
  }),
  rootfs: fields({ diff_ids: list(text(1), 0) }),
  history: list(
    fields({
      created: text(64),
      created_by: text(longestWord),
      comment: text(500),
      empty_layer: flag,
    }),
    1000,
  ),
})

/** Reads the config of an image, of OCI or Docker; null where it cannot be read. */
export function readImageConfig(bytes: Uint8Array): ImageConfig | null {
  const found = readShape(bytes, configShape)
  if (found === null) return null
  const run = found.config ?? {}
  return {
    platform: platformOf(found),
    createdAt: timeOf(found.created),
    author: found.author || null,
    user: run.User || null,
    workingDirectory: run.WorkingDir || null,
    stopSignal: run.StopSignal || null,
    entrypoint: run.Entrypoint ?? nothing,
    command: run.Cmd ?? nothing,
    environment: run.Env ?? nothing,
    ports: run.ExposedPorts ?? nothing,
    volumes: run.Volumes ?? nothing,
    labels: run.Labels ?? nothing,
    healthcheck: run.Healthcheck?.Test ?? nothing,
    history: {
      items: (found.history?.items ?? []).map((step) => ({
        createdBy: step.created_by ?? '',
        createdAt: timeOf(step.created),
        comment: step.comment || null,
        isEmpty: step.empty_layer === true,
      })),
      count: found.history?.count ?? 0,
    },
    layers: found.rootfs?.diff_ids?.count ?? 0,
  }
}

/**
 * A time in RFC 3339 as milliseconds since the epoch; null for anything else, and before 1980: Go writes the year 1 for
 * none, and builds that are reproducible the year 1970.
 */
export function timeOf(said: string | undefined): number | null {
  if (said === undefined || !/^\d{4}-\d\d-\d\dT/.test(said)) return null
  const at = Date.parse(said)
  return at >= earliest ? at : null
}

const earliest = Date.UTC(1980)

/** A layer for each step of the history that made one; nulls where the two do not fit together. */
export function layersOfHistory(
  history: readonly Pick<HistoryStep, 'isEmpty'>[],
  layers: number,
): ReadonlyArray<number | null> {
  const makers = history.filter(({ isEmpty }) => !isEmpty).length
  let next = 0
  return history.map(({ isEmpty }) => {
    if (isEmpty || makers !== layers) return null
    next += 1
    return next - 1
  })
}
