// What PostgreSQL says in its log of the plans it ran (auto_explain, as JSON). Pure.

/**
 * @typedef {object} Step of a plan
 * @property {string} kind such as `Index Scan`
 * @property {string | null} table
 * @property {string | null} index
 * @property {number} rows that it looked at, those it left out among them
 */

/**
 * @typedef {object} Statement
 * @property {string} text
 * @property {readonly (readonly Step[])[]} plans one for each time it ran
 * @property {number} pages that it read at most, from memory or disk
 */

/** @typedef {Record<string, any>} Node */

/**
 * The statements in a log, those with the most pages first.
 * @param {string} log
 * @returns {Statement[]}
 */
export function statementsOf(log) {
  /** @type {Map<string, { text: string, plans: Step[][], pages: number }>} */
  const statements = new Map()
  for (const document of documentsOf(log)) {
    const { 'Query Text': whole, Plan: plan } = JSON.parse(document)
    const text = oneLine(whole)
    const statement = statements.get(text) ?? { text, plans: [], pages: 0 }
    statements.set(text, statement)
    statement.plans.push(stepsOf(plan))
    const pages = (plan['Shared Hit Blocks'] ?? 0) + (plan['Shared Read Blocks'] ?? 0)
    statement.pages = Math.max(statement.pages, pages)
  }
  return [...statements.values()].sort((a, b) => b.pages - a.pages)
}

/**
 * A statement without its constants, for which pg_stat_statements has placeholders.
 * @param {string} text
 */
export function shapeOf(text) {
  return oneLine(text)
    .replaceAll(/extract\((\w+|\$\d+) from/g, 'extract(? from')
    .replaceAll(/(?<=[(, ])-\d+|'(?:[^']|'')*'|\$\d+|\b\d+\b|\b(?:true|false|null)\b/g, '?')
}

/**
 * What is wrong with a statement: tables that it read from end to end although they are large, and steps that
 * looked at more rows than any answer has.
 * @param {Statement} statement
 * @param {Readonly<Record<string, number>>} rows of each table
 * @param {number} most rows that one step may look at
 * @returns {string[]}
 */
export function faultsOf({ plans }, rows, most) {
  const faults = plans.flat().flatMap(({ kind, table, index, rows: looked }) => {
    if (kind === 'Seq Scan' && table !== null && (rows[table] ?? 0) > most) {
      return [`reads ${table} from end to end`]
    }
    return looked > most ? [`${kind} ${index ?? table ?? ''} looks at ${looked} rows`.trim()] : []
  })
  return [...new Set(faults)]
}

/**
 * How a statement finds rows, in the words of its last plan.
 * @param {Statement} statement
 */
export function wayOf({ plans }) {
  const steps = plans.at(-1) ?? []
  const found = steps.filter(({ table }) => table !== null)
  const ways = found.map(({ kind, table, index }) => {
    return index === null ? `${kind} ${table}` : index
  })
  return [...new Set(ways)].join(', ')
}

/**
 * @param {Node} node
 * @returns {Step[]}
 */
function stepsOf(node) {
  const loops = node['Actual Loops'] ?? 1
  const removed =
    (node['Rows Removed by Filter'] ?? 0) +
    (node['Rows Removed by Join Filter'] ?? 0) +
    (node['Rows Removed by Index Recheck'] ?? 0)
  const step = {
    kind: node['Node Type'],
    // A bitmap of an index has no table, and nothing is read from it but the index.
    table: node['Relation Name'] ?? (node['Index Name'] === undefined ? null : ''),
    index: node['Index Name'] ?? null,
    rows: Math.round(((node['Actual Rows'] ?? 0) + removed) * loops),
  }
  return [step, ...(node.Plans ?? []).flatMap(stepsOf)]
}

/**
 * Each begins in the line after the one that says how long the statement took, and its lines begin with a tab.
 * @param {string} log
 * @returns {string[]}
 */
function documentsOf(log) {
  /** @type {string[]} */
  const documents = []
  /** @type {string[] | null} */
  let lines = null
  for (const line of log.split('\n')) {
    if (lines !== null && line.startsWith('\t')) {
      lines.push(line.slice(1))
      continue
    }
    if (lines !== null) documents.push(lines.join('\n'))
    lines = /duration: [\d.]+ ms {2}plan:$/.test(line) ? [] : null
  }
  if (lines !== null) documents.push(lines.join('\n'))
  return documents.filter((text) => text.startsWith('{') && text.trimEnd().endsWith('}'))
}

/** @param {string} text */
function oneLine(text) {
  return text.replaceAll(/\s+/g, ' ').trim()
}
