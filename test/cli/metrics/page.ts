/** One value on a page of metrics. */
export interface Value {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** A page of metrics, read as Prometheus reads it. */
export class Page {
  readonly values: readonly Value[]
  /** Names of metrics, each with its type. */
  readonly types: ReadonlyMap<string, string>

  /** @throws Error for a line that is none of the format. */
  constructor(text: string) {
    const types: Map<string, string> = new Map()
    const values: Value[] = []
    for (const line of text.split('\n')) {
      const [, name = '', type = ''] = /^# TYPE ([a-z][a-z0-9_]*) ([a-z]+)$/.exec(line) ?? []
      if (name !== '') types.set(name, type)
      if (line === '' || line.startsWith('#')) continue
      values.push(valueIn(line))
    }
    this.types = types
    this.values = values
  }

  /** The value with this name and these labels, among others; 0 where there is none. */
  get(name: string, labels: Readonly<Record<string, string>> = {}): number {
    let sum = 0
    for (const each of this.values) {
      const fits = Object.entries(labels).every(([key, value]) => each.labels[key] === value)
      if (each.name === name && fits) sum += each.value
    }
    return sum
  }
}

function valueIn(line: string): Value {
  const [, name, labels = '', number] = /^([a-z][a-z0-9_]*)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
  if (name === undefined || number === undefined) throw new Error(`no line of metrics: ${line}`)
  const pairs = [...labels.matchAll(/([a-z][a-z0-9_]*)="((?:[^"\\]|\\.)*)"(?:,|$)/g)]
  const read = pairs.map(([whole]) => whole).join('')
  if (read !== labels) throw new Error(`labels that are none: ${line}`)
  const value = Number(number)
  if (Number.isNaN(value)) throw new Error(`no number: ${line}`)
  return { name, labels: Object.fromEntries(pairs.map(([, key, text]) => [key, text])), value }
}
