// The links of a package's documents, which have to work where the package is all there is.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'

/**
 * The relative links that lead to nothing inside the folder, as "document: link".
 * @param {string} folder an installed package
 */
export function deadLinks(folder) {
  const documents = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (path) => path.endsWith('.md') && !path.includes('node_modules'),
  )
  return documents.flatMap((document) =>
    linkedPaths(document, readFileSync(join(folder, document), 'utf8'))
      .filter((path) => path.startsWith('..') || !existsSync(join(folder, path)))
      .map((path) => `${document}: ${path}`),
  )
}

/**
 * The files that a document links to, as paths from the root.
 * @param {string} document its path from the root
 * @param {string} text Markdown
 * @returns {string[]}
 */
export function linkedPaths(document, text) {
  const prose = text.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '')
  const links = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link ?? '')
  return links
    .filter((link) => !/^(?:[a-z]+:|#)/i.test(link))
    .map((link) => posix.join(dirname(document), link.split('#')[0] ?? ''))
}
