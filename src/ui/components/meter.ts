import { type Html, html } from '../html.ts'

/** A bar for a part of a whole. What it says has to stand beside it as text. @param share between 0 and 1 */
export function meter(share: number): Html {
  const bounded = Number.isFinite(share) ? Math.min(Math.max(share, 0), 1) : 0
  // What is there is seen, however little it is.
  const width = bounded === 0 ? 0 : Math.max(bounded * 100, 0.7)
  return html`<svg class="meter" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true"><rect width="${width.toFixed(2)}" height="6"/></svg>`
}
