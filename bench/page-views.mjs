// The views of the web page that are measured.

import { large, tagsEach, versionTag } from './page-content.mjs'

/** @import { Descriptor } from './page-content.mjs' */

/**
 * @param {{ subject: Descriptor, index: Descriptor }} known
 * @param {number} repositories
 */
export function viewsOf({ subject, index }, repositories) {
  const repository = `/_layerdock/repositories/${large}`
  const orders = ['name', 'updated', 'version', 'size'].flatMap((order) => [order, `-${order}`])
  return [
    ['home', '/'],
    ['home, searched: many', '/?q=app'],
    ['home, searched: the last', `/?q=${`app-${repositories - 1}`.toUpperCase()}`],
    ['home, searched: none', '/?q=nothing'],
    ['home, a namespace', '/?namespace=team-50'],
    ['home, by last push', '/?sort=updated'],
    ['home, by size', '/?sort=size'],
    ['repository', repository],
    ...orders.map((order) => [`tags by ${order}`, `${repository}?sort=${order}`]),
    ...orders.map((order) => ['tags, filtered, in any order', `${repository}?sort=${order}&q=77`]),
    ...orders.map((order) => [
      'tags, filtered, none match',
      `${repository}?sort=${order}&q=nothing`,
    ]),
    ['untagged', `${repository}?tab=untagged`],
    ['about', `${repository}?tab=about`],
    ['a small repository', '/_layerdock/repositories/team-7/app-7'],
    ['image', `${repository}:${versionTag(10)}`],
    ['index', `${repository}:index`],
    ['digest', `${repository}@${index.digest}`],
    ['referrers: 1,000', `${repository}@${subject.digest}?view=referrers`],
    ['referrers: 2', `${repository}:${versionTag(20)}?view=referrers`],
    ['raw', `${repository}:index?view=raw`],
    ['compare images', `/_layerdock/compare/${large}?from=${versionTag(10)}&to=${versionTag(20)}`],
    ['compare indexes', `/_layerdock/compare/${large}?from=index&to=${versionTag(7 * tagsEach)}`],
    ['delete a tag', `/_layerdock/delete/${large}:index`],
    ['delete a digest', `/_layerdock/delete/${large}@${subject.digest}`],
    ['delete a repository', '/_layerdock/delete/team-7/app-7'],
    ['delete the large one', `/_layerdock/delete/${large}`],
    ['trash', '/_layerdock/trash'],
  ].map(([name = '', path = '']) => ({ name, path }))
}
