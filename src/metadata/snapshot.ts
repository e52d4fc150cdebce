/** The first line of a snapshot: what it is. */
export interface SnapshotHeader {
  /** The journals from this generation on are to be replayed over it. */
  readonly generation: number
  /** Sequence of the last frame before the generation's journal. */
  readonly sequence: number
}

/** The last line of a snapshot, its checksum aside. */
export interface SnapshotTrailer {
  /** How many entries stand between. */
  readonly count: number
  /**
   * Names changed while it was written: it may hold effects up to this sequence, so the journals
   * have to reach it.
   */
  readonly through: number
}

/** Version of the format. */
export const snapshotVersion = 4

/**
 * Versions that can be read: the first has no times and no leases, the second no trash and no use of manifests, the third
 * no messages.
 */
export const readableVersions: readonly number[] = [1, 2, 3, snapshotVersion]

/** How the last line starts; no entry starts so. */
export const trailerStart = '["end"]]'

/** What stands after the checksum, to the end of the file. */
export const trailerEnd = '"}\n'

/**
 * The first line. With the entries, one to a line, and the last line it is one JSON document:
 *
 *     {"format":"layerdock metadata","version":2,"generation":3,"sequence":1200,"entries":[
 *     ["repository","a/b"],
 *     ["end"]],"count":1,"through":1204,"crc32":"0a1b2c3d"}
 */
export function headerLine(header: SnapshotHeader, version: number = snapshotVersion): string {
  const { generation, sequence } = header
  const text = JSON.stringify({
    format: 'layerdock metadata',
    version,
    generation,
    sequence,
  })
  return `${text.slice(0, -1)},"entries":[\n`
}

/** The last line up to the checksum's digits, and so the last of what the checksum covers. */
export function trailerHead(trailer: SnapshotTrailer): string {
  return `${trailerStart},"count":${trailer.count},"through":${trailer.through},"crc32":"`
}
