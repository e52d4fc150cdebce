// The links of a package's documents, which have to work where the package is all there is.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

/**
 * The relative links that lead to nothing inside the folder, as "document: link".
 * @param {string} folder an installed package
 */
export function deadLinks(folder) {
  const documents = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (path) => path.endsWith('.md') && !path.includes('node_modules'),
  )
  return documents.flatMap((document) =>
    relativeLinks(readFileSync(join(folder, document), 'utf8'))
      .filter((link) => !leadsSomewhere(folder, document, link))
      .map((link) => `${document}: ${link}`),
  )
}

/** @param {string} text Markdown */
function relativeLinks(text) {
  const prose = text.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '')
  const links = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link ?? '')
  return links.filter((link) => !/^(?:[a-z]+:|#)/i.test(link))
}

/**
 * @param {string} folder
 * @param {string} document
 * @param {string} link
 */
function leadsSomewhere(folder, document, link) {
  const [path = ''] = link.split('#')
  const target = join(folder, dirname(document), path)
  return !relative(folder, target).startsWith('..') && existsSync(target)
}
