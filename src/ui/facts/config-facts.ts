import { boundedTime, objectOf } from '../bounded.ts'
import { type Platform, platformOf } from './manifest-facts.ts'

/** A config that is larger is not read. */
export const mostConfigBytes: number = 1024 * 1024

/** What the config of an image says. */
export interface ConfigFacts {
  readonly platform: Platform | null
  /** In milliseconds since the epoch; null where it says none that can be. */
  readonly createdAt: number | null
}

/** Reads a config without trust; null for what is no JSON object. */
export function readConfigFacts(bytes: Uint8Array): ConfigFacts | null {
  let document: Readonly<Record<string, unknown>> | null
  try {
    document = objectOf(JSON.parse(new TextDecoder().decode(bytes)))
  } catch {
    return null
  }
  if (document === null) return null
  return { platform: platformOf(document), createdAt: boundedTime(document.created) }
}
