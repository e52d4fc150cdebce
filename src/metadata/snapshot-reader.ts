import * as v from 'valibot'
import { StoreDamaged } from '../oci/store-damaged.ts'
import type { LogFile } from '../ports/metadata-log.ts'
import { crc32, crcStart, crcText } from './crc32.ts'
import type { EffectDecoder } from './effect-decoder.ts'
import type { Effect } from './effects.ts'
import { lineGroups } from './line-groups.ts'
import { PlainLines } from './plain-lines.ts'
import {
  headerLine,
  readableVersions,
  type SnapshotHeader,
  type SnapshotTrailer,
  trailerEnd,
  trailerHead,
  trailerStart,
} from './snapshot.ts'

/** What a snapshot says of itself. */
export interface SnapshotReading extends SnapshotHeader, SnapshotTrailer {
  /** Size of the file, in bytes. */
  readonly bytes: number
}

const newline = 10
const decoder = new TextDecoder('utf-8', { fatal: true })

const wholeNumber = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
const headerSchema = v.object({
  format: v.literal('layerdock metadata'),
  version: v.number(),
  generation: wholeNumber,
  sequence: wholeNumber,
})
const trailerSchema = v.object({ count: wholeNumber, through: wholeNumber })

/**
 * Reads a snapshot and hands over every entry, in order; what was handed over counts only when this
 * resolves.
 *
 * @throws StoreDamaged when it is not, to the last byte, what was written.
 */
export async function readSnapshot(
  file: LogFile,
  effects: EffectDecoder,
  take: (effect: Effect) => void,
): Promise<SnapshotReading> {
  const reading = new Reading(file, effects, take)
  for await (const { bytes } of lineGroups(file.read())) {
    if (bytes === null) throw reading.damaged('a line has no end')
    reading.lines(bytes)
  }
  return reading.end()
}

class Reading {
  readonly #file: LogFile
  readonly #take: (effect: Effect) => void
  readonly #effects: EffectDecoder
  readonly #plain: PlainLines = new PlainLines()
  #header: SnapshotHeader | null = null
  #trailer: SnapshotTrailer | null = null
  #crc: number = crcStart
  #count = 0
  #bytes = 0

  constructor(file: LogFile, effects: EffectDecoder, take: (effect: Effect) => void) {
    this.#file = file
    this.#effects = effects
    this.#take = take
  }

  /** Takes whole lines. */
  lines(bytes: Uint8Array): void {
    if (bytes.at(-1) !== newline) throw this.damaged('its end is missing')
    if (this.#trailer !== null) throw this.damaged('there is something after its end')
    this.#bytes += bytes.length
    let start = 0
    if (this.#header === null) {
      start = bytes.indexOf(newline) + 1
      this.#header = this.#readHeader(this.#text(bytes.subarray(0, start)))
    }
    const last = bytes.lastIndexOf(newline, bytes.length - 2) + 1
    const lastLine = last >= start ? bytes.subarray(last) : new Uint8Array(0)
    if (!startsWith(lastLine, trailerStart)) {
      this.#crc = crc32(bytes, this.#crc)
      this.#entries(this.#text(bytes.subarray(start)))
      return
    }
    this.#entries(this.#text(bytes.subarray(start, last)))
    const checked = bytes.length - trailerEnd.length - 8
    this.#crc = crc32(bytes.subarray(0, checked), this.#crc)
    this.#trailer = this.#readTrailer(this.#text(lastLine))
  }

  /** Nothing follows. */
  end(): SnapshotReading {
    if (this.#header === null || this.#trailer === null) {
      throw this.damaged('its end is missing')
    }
    return { ...this.#header, ...this.#trailer, bytes: this.#bytes }
  }

  damaged(problem: string): StoreDamaged {
    return new StoreDamaged(this.#file.name, problem)
  }

  #readHeader(line: string): SnapshotHeader {
    const header = v.safeParse(headerSchema, this.#json(`${line.trimEnd()}]}`))
    if (!header.success) throw this.damaged('this is not a snapshot of names')
    const { version } = header.output
    if (!readableVersions.includes(version)) {
      const readable = readableVersions.join(' and ')
      throw this.damaged(`its format is version ${version}, and this program reads ${readable}`)
    }
    if (headerLine(header.output, version) !== line) throw this.damaged('its first line is damaged')
    return header.output
  }

  #readTrailer(line: string): SnapshotTrailer {
    const prefix = '{"entries":['
    const read = v.safeParse(trailerSchema, this.#json(prefix + line))
    if (!read.success) throw this.damaged('its last line is damaged')
    if (`${trailerHead(read.output)}${crcText(this.#crc)}${trailerEnd}` !== line) {
      throw this.damaged('its checksum is wrong')
    }
    if (read.output.count !== this.#count) {
      throw this.damaged(`it has ${this.#count} entries instead of ${read.output.count}`)
    }
    return read.output
  }

  /** Entries, each with its comma and newline. */
  #entries(lines: string): void {
    for (let at = 0; at < lines.length; this.#count += 1) {
      const plain = this.#plain.read(lines, at)
      if (plain !== null) {
        this.#take(plain)
        at = this.#plain.end
        continue
      }
      const end = lines.indexOf('\n', at)
      if (lines[end - 1] !== ',') throw this.damaged('an entry is damaged')
      const effect = this.#effects.decode(this.#json(lines.slice(at, end - 1)))
      if (effect === null) throw this.damaged('an entry is damaged')
      this.#take(effect)
      this.#plain.follow(effect)
      at = end + 1
    }
  }

  #text(bytes: Uint8Array): string {
    try {
      return decoder.decode(bytes)
    } catch {
      throw this.damaged('it is not UTF-8')
    }
  }

  #json(text: string): unknown {
    try {
      return JSON.parse(text)
    } catch {
      throw this.damaged('it is not JSON')
    }
  }
}

function startsWith(bytes: Uint8Array, text: string): boolean {
  if (bytes.length < text.length) return false
  for (let i = 0; i < text.length; i += 1) if (bytes[i] !== text.charCodeAt(i)) return false
  return true
}
