// bench/RESULTS-page.md, from what was measured. Pure.

/**
 * @typedef {object} ViewCost CPU in milliseconds
 * @property {string} name
 * @property {number} first
 * @property {number} again the median of the times after the first
 * @property {number} database of PostgreSQL, each time; 0 for other storages
 * @property {number} bytes of HTML
 */

/**
 * @typedef {object} Measured
 * @property {string} storage
 * @property {number} filledMib the process, once it was filled
 * @property {number | null} moreMib by how much it grew while views were made
 * @property {readonly ViewCost[]} views
 */

/**
 * @param {readonly Measured[]} measured the same views of each storage
 * @param {{ tags: number, repositories: number, times: number, date: string, machine: string, load: number }} facts
 */
export function pageReport(measured, { tags, repositories, times, date, machine, load }) {
  const count = (/** @type {number} */ number) => number.toLocaleString('en-US')
  const storages = measured.map(({ storage }) => storage)
  const hasDatabase = storages.includes('postgres')
  const titles = ['view', ...storages, ...(hasDatabase ? ['database'] : []), 'HTML, kB']
  const memory = measured.map(({ storage, filledMib, moreMib }) => {
    const more = moreMib === null ? '' : ` and at most ${moreMib.toFixed(0)} MiB more for views`
    return `${storage} ${filledMib.toFixed(0)} MiB${more}`
  })
  return `# What views of the web page cost

\`node bench/page.mjs --write\` measures and writes this page (${date}, ${machine}, Node ${process.versions.node}, load ${load.toFixed(0)}).

A registry of ${count(repositories)} repositories and one of ${count(tags)} tags, with images, indexes and referrers. The CPU of the
server's process in milliseconds, HTTP apart: the first time, and in parentheses the median of ${times - 1} more times. The very first
view also compiles what it runs. Under "database", what PostgreSQL takes each time, to some 10 ms / ${times}.

| ${titles.join(' | ')} |
| --- | ${titles
    .slice(1)
    .map(() => '--:')
    .join(' | ')} |
${rowsOf(measured)
  .map((cells) => `| ${cells.join(' | ')} |`)
  .join('\n')}

Memory of the process with the store: ${memory.join('; ')}.
`
}

/**
 * The rows, of views with the same name the most expensive.
 * @param {readonly Measured[]} measured
 */
function rowsOf(measured) {
  const names = new Set(measured.flatMap(({ views }) => views.map(({ name }) => name)))
  return [...names].map((name) => {
    const each = measured.map(({ views }) => views.filter((view) => view.name === name))
    const costs = each.map(
      (same) => `${most(same, 'first').toFixed(1)} (${most(same, 'again').toFixed(1)})`,
    )
    const database = measured.flatMap(({ storage }, at) =>
      storage === 'postgres' ? [most(each[at] ?? [], 'database').toFixed(0)] : [],
    )
    return [name, ...costs, ...database, (most(each.flat(), 'bytes') / 1000).toFixed(0)]
  })
}

/**
 * @param {readonly ViewCost[]} views
 * @param {'first' | 'again' | 'database' | 'bytes'} what
 */
function most(views, what) {
  return Math.max(...views.map((view) => view[what]))
}
