import { parseRepositoryName, type RepositoryName } from '../../src/index.ts'
import {
  ContentFault,
  type ContentSource,
  type Layouts,
  layoutSource,
  wholeLayout,
} from '../../src/kit.ts'
import { FolderProblems } from './folder-problems.ts'
import { LayoutFolder } from './layout-folder.ts'
import type { SafeFolder } from './safe-folder.ts'

/** How deep folders of repositories are looked for: a name has at most 255 characters. */
const deepest = 128

/** A folder in which every repository is an image layout, in a folder of its name: zot's and olareg's. */
export function registryOfLayouts(folder: SafeFolder): ContentSource {
  const problems = new FolderProblems()
  const layouts: Layouts = {
    repositories: () => repositoriesIn(folder, [], problems),
    async view(repository: RepositoryName) {
      const path = repository.split('/')
      if (!(await isLayout(folder, path))) {
        throw new ContentFault('missing', 'there is no layout in its folder')
      }
      return await wholeLayout(new LayoutFolder(folder, path))
    },
    problems: () => problems.found,
  }
  return layoutSource(layouts)
}

/** Whether a folder is an image layout. */
export async function isLayout(folder: SafeFolder, path: readonly string[]): Promise<boolean> {
  if ((await folder.kind([...path, 'index.json'])) === null) return false
  return (await folder.kind([...path, 'oci-layout'])) !== null
}

/** Folders are looked through in order of their names, those of blobs and uploads left out. */
async function* repositoriesIn(
  folder: SafeFolder,
  path: readonly string[],
  problems: FolderProblems,
): AsyncGenerator<RepositoryName> {
  const isOne = path.length > 0 && (await isLayout(folder, path))
  if (isOne) {
    const name = parseRepositoryName(path.join('/'))
    if (name === null) problems.notAName(path)
    else yield name
  }
  if (path.length > deepest) return
  const inside: string[] = []
  for await (const { name, kind } of folder.list(path)) {
    if (name.startsWith('.') || (isOne && (name === 'blobs' || name === '_uploads'))) continue
    if (kind === 'folder') inside.push(name)
    else if (kind === 'other') problems.notFollowed([...path, name])
  }
  for (const one of inside.sort()) yield* repositoriesIn(folder, [...path, one], problems)
}
