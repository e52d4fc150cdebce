// A bar for each server, as SVG. Pure.

/**
 * @typedef {object} Bar
 * @property {string} name
 * @property {'layerdock' | 'bare' | 'peer'} kind
 * @property {number | null} value
 * @property {string} label what stands beside the bar
 */

const colours = { layerdock: '#0b6bcb', bare: '#c9d1d9', peer: '#8b949e' }
const width = 720
const nameWidth = 170
const labelWidth = 190
const rowHeight = 24
const top = 44

/**
 * @param {string} title
 * @param {string} caption what the bars' lengths mean
 * @param {readonly Bar[]} bars
 * @returns {string} an SVG image
 */
export function barPlot(title, caption, bars) {
  const most = Math.max(...bars.map(({ value }) => value ?? 0), 0)
  const room = width - nameWidth - labelWidth
  const height = top + bars.length * rowHeight + 12
  const rows = bars.map(({ name, kind, value, label }, at) => {
    const y = top + at * rowHeight
    const length = most === 0 ? 0 : (room * (value ?? 0)) / most
    return [
      `<text x="${nameWidth - 8}" y="${y + 15}" text-anchor="end">${escaped(name)}</text>`,
      `<rect x="${nameWidth}" y="${y + 3}" width="${length.toFixed(1)}" height="${rowHeight - 7}" fill="${colours[kind]}"/>`,
      `<text x="${(nameWidth + length + 6).toFixed(1)}" y="${y + 15}">${escaped(label)}</text>`,
    ].join('\n')
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title)}" font-family="sans-serif" font-size="12" fill="#1f2328">
<rect width="${width}" height="${height}" fill="#ffffff"/>
<text x="12" y="18" font-size="14" font-weight="bold">${escaped(title)}</text>
<text x="12" y="35" fill="#57606a">${escaped(caption)}</text>
${rows.join('\n')}
</svg>
`
}

/** @param {string} text */
function escaped(text) {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
