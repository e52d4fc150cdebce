import { parseArgs } from 'node:util'
import { CliError, exitCodes } from './exit.ts'
import { didYouMean } from './nearest.ts'

/** What a command takes that is no setting of the server. */
export interface WordsShape {
  /** How the command is typed, for messages: `layerdock policy explain`. */
  readonly command: string
  /** The names of its words, in order. One that ends in `?` may be left out, and so may those behind it. */
  readonly words: readonly string[]
  /** Its flags: the name of the value, or null for a switch. `help` is always there. */
  readonly flags: Readonly<Record<string, string | null>>
}

/** The words and flags of a command line. */
export interface Words {
  readonly words: readonly string[]
  /** The values of each flag that was given, in order. */
  readonly values: ReadonlyMap<string, readonly string[]>
  /** Switches that were given; `help` is alone, and nothing else was checked then. */
  readonly switches: ReadonlySet<string>
}

/** Parses what follows a command. @throws CliError with every problem of the line. */
export async function parseWords(line: readonly string[], shape: WordsShape): Promise<Words> {
  const flags: ReadonlyMap<string, string | null> = new Map([
    ...Object.entries(shape.flags),
    ['help', null],
  ])
  const { tokens } = parseArgs({
    args: [...line],
    options: Object.fromEntries(
      [...flags].map(([flag, value]) => [
        flag,
        { type: value === null ? ('boolean' as const) : ('string' as const) },
      ]),
    ),
    strict: false,
    tokens: true,
  })
  const words: string[] = []
  const values: Map<string, string[]> = new Map()
  const switches: Set<string> = new Set()
  const problems: string[] = []
  for (const token of tokens) {
    if (token.kind === 'positional') words.push(token.value)
    if (token.kind !== 'option') continue
    const { name, rawName, value, inlineValue } = token
    const meaning = rawName.startsWith('--') ? flags.get(name) : undefined
    if (rawName === '-h') switches.add('help')
    else if (meaning === undefined) {
      const hint = await didYouMean(name, [...flags.keys()], '--')
      problems.push(
        `${rawName}: no such flag${hint || `; ${shape.command} --help says which there are`}`,
      )
    } else if (meaning === null) switches.add(name)
    else if (value === undefined || (inlineValue === false && value.startsWith('--'))) {
      problems.push(`${rawName}: needs a value: ${rawName} ${meaning}`)
    } else values.set(name, [...(values.get(name) ?? []), value])
  }
  if (switches.has('help')) return { words: [], values: new Map(), switches: new Set(['help']) }
  for (const word of words.slice(shape.words.length)) problems.push(`${word}: not expected here`)
  const missing = shape.words[words.length]
  if (missing !== undefined && !missing.endsWith('?') && problems.length === 0) {
    problems.push(`${missing} is missing: ${usageOf(shape)}`)
  }
  if (problems.length > 0) throw new CliError(exitCodes.usage, problems)
  return { words, values, switches }
}

/** How a command is typed, without its flags: `layerdock policy check FILE`. */
export function usageOf({ command, words }: WordsShape): string {
  const names = words.map((word) => (word.endsWith('?') ? `[${word.slice(0, -1)}]` : word))
  return [command, ...names].join(' ')
}
