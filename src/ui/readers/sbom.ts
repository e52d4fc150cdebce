import { timeOf } from './image-config.ts'
import { each, type Fields, fields, keys, type Listed, list, type Shape, text } from './shapes.ts'

/** A package that an SBOM lists. */
export interface SbomPackage {
  readonly name: string
  readonly version: string | null
  readonly licence: string | null
}

/** A licence, and how many packages have it. */
export interface LicenceCount {
  readonly licence: string
  readonly packages: number
}

/** What an SBOM says, in short. */
export interface SbomSummary {
  readonly format: 'SPDX' | 'CycloneDX'
  /** Of the format. */
  readonly version: string | null
  /** What it is about, as it says. */
  readonly name: string | null
  /** In milliseconds since the epoch. */
  readonly createdAt: number | null
  /** What made it. */
  readonly tools: readonly string[]
  /** The first packages, and how many there are. */
  readonly packages: Listed<SbomPackage>
  /** The commonest licences, and how many different ones were seen. */
  readonly licences: Listed<LicenceCount>
  /** Packages of which it says no licence. */
  readonly withoutLicence: number
  readonly files: number | null
}

/** Packages that are named. */
const mostPackages = 200
/** Licences that are named. */
const mostLicences = 50
/** Different licences that are counted: beyond them, only those that are known already. */
const mostDifferent = 1000
const mostTools = 20

/** Counts packages and licences of one document while it is read. */
class Tally {
  readonly #packages: SbomPackage[] = []
  readonly #licences: Map<string, number> = new Map()
  #count = 0
  #withoutLicence = 0

  add(item: SbomPackage): void {
    this.#count += 1
    if (this.#packages.length < mostPackages) this.#packages.push(item)
    const { licence } = item
    if (licence === null) {
      this.#withoutLicence += 1
      return
    }
    const known = this.#licences.get(licence)
    if (known === undefined && this.#licences.size === mostDifferent) return
    this.#licences.set(licence, (known ?? 0) + 1)
  }

  summary(): Pick<SbomSummary, 'packages' | 'licences' | 'withoutLicence'> {
    const sorted = [...this.#licences].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    const items = sorted
      .slice(0, mostLicences)
      .map(([licence, packages]) => ({ licence, packages }))
    return {
      packages: { items: this.#packages, count: this.#count },
      licences: { items, count: this.#licences.size },
      withoutLicence: this.#withoutLicence,
    }
  }
}

const licence = text(200)

/** The fields of a document that may be SPDX 2 or CycloneDX, or something else that has some of them. */
export interface SbomFields {
  readonly shapes: Readonly<Record<string, Shape<unknown>>>
  /** What the fields say; null where they are not those of an SBOM. */
  summary(found: object): SbomSummary | null
}

/** Shapes for reading one document: what they count is kept in them. */
export function sbomFields(): SbomFields {
  const tally = new Tally()
  const spdx = spdxShapes(tally)
  const cyclonedx = cyclonedxShapes(tally)
  return {
    shapes: { ...spdx, ...cyclonedx },
    summary(found) {
      const { spdxVersion, name, creationInfo, files } = found as Fields<typeof spdx>
      const { bomFormat, specVersion, metadata } = found as Fields<typeof cyclonedx>
      if (spdxVersion !== undefined) {
        const creators = (creationInfo?.creators?.items ?? []).map(withoutPrefix)
        return {
          format: 'SPDX',
          version: spdxVersion.replace(/^SPDX-/, ''),
          name: name || null,
          createdAt: timeOf(creationInfo?.created),
          tools: creators.filter((creator) => creator !== ''),
          ...tally.summary(),
          files: files ?? null,
        }
      }
      if (bomFormat !== 'CycloneDX') return null
      const { component, timestamp, tools } = metadata ?? {}
      return {
        format: 'CycloneDX',
        version: specVersion ?? null,
        name: component === undefined ? null : versioned(component) || null,
        createdAt: timeOf(timestamp),
        tools: (tools ?? []).map(versioned).filter((tool) => tool !== ''),
        ...tally.summary(),
        files: null,
      }
    },
  }
}

function spdxShapes(tally: Tally) {
  const item = fields({
    name: licence,
    versionInfo: licence,
    licenseConcluded: licence,
    licenseDeclared: licence,
  })
  return {
    spdxVersion: text(32),
    name: text(300),
    creationInfo: fields({ created: text(64), creators: list(text(200), mostTools) }),
    packages: each(item, ({ name = '', versionInfo, licenseConcluded, licenseDeclared }) => {
      const said = saidLicence(licenseConcluded) ?? saidLicence(licenseDeclared)
      tally.add({ name, version: versionInfo || null, licence: said })
    }),
    files: each(keys(0), () => {}),
  }
}

function cyclonedxShapes(tally: Tally) {
  const tool = fields({ name: text(200), version: text(100) })
  const license = fields({
    license: fields({ id: licence, name: licence }),
    expression: licence,
  })
  const component = fields({ name: licence, version: licence, licenses: list(license, 10) })
  return {
    bomFormat: text(32),
    specVersion: text(32),
    metadata: fields({
      timestamp: text(64),
      tools: toolsOf(tool),
      component: tool,
      // SLSA provenance has its times in a field of the same name.
      buildStartedOn: text(64),
      buildFinishedOn: text(64),
    }),
    components: each(component, ({ name = '', version, licenses }) => {
      const said = (licenses?.items ?? [])
        .map((one) => one.expression || one.license?.id || one.license?.name)
        .filter(Boolean)
      tally.add({ name, version: version || null, licence: said.join(' AND ') || null })
    }),
  }
}

/** Tools are a list, and an object with a list of components since CycloneDX 1.5. */
function toolsOf<T>(tool: Shape<T>): Shape<readonly T[]> {
  const several = list(tool, mostTools)
  const asObject = fields({ components: several })
  return (reader) =>
    reader.kind() === 'object' ? asObject(reader)?.components?.items : several(reader)?.items
}

/** Null for what means that no licence is said. */
function saidLicence(said: string | undefined): string | null {
  return said === undefined || /^(?:|NOASSERTION|NONE)$/i.test(said) ? null : said
}

/** `Tool: syft-1.0` without what kind of creator it is. Persons and organizations made no document by themselves. */
function withoutPrefix(creator: string): string {
  return creator.startsWith('Tool: ') ? creator.slice('Tool: '.length) : ''
}

function versioned({ name = '', version }: Fields<{ name: Text; version: Text }>): string {
  return version ? `${name} ${version}` : name
}

type Text = Shape<string>
