import { boundedLines, boundedTime, objectOf } from '../bounded.ts'
import { type Platform, platformOf } from './manifest-facts.ts'

/** A config that is larger is not read. */
export const mostConfigBytes: number = 1024 * 1024

/** What the config of an image says. */
export interface ConfigFacts {
  readonly platform: Platform | null
  /** In milliseconds since the epoch; null where it says none that can be. */
  readonly createdAt: number | null
  /** Labels that describe the image: `org.opencontainers.image.*`. */
  readonly described: ReadonlyArray<readonly [key: string, text: string]>
}

/** How the keys begin that describe an image, in annotations and labels. */
export const describing = 'org.opencontainers.image.'

/** Reads a config without trust; null for what is no JSON object. */
export function readConfigFacts(bytes: Uint8Array): ConfigFacts | null {
  let document: Readonly<Record<string, unknown>> | null
  try {
    document = objectOf(JSON.parse(new TextDecoder().decode(bytes)))
  } catch {
    return null
  }
  if (document === null) return null
  const labels = objectOf(objectOf(document.config)?.Labels) ?? {}
  const described: (readonly [string, string])[] = []
  for (const key of Object.keys(labels)) {
    if (!key.startsWith(describing) || key.length > 100 || described.length >= 30) continue
    const text = boundedLines(labels[key], 4_000)
    if (text !== null) described.push([key, text])
  }
  return { platform: platformOf(document), createdAt: boundedTime(document.created), described }
}
