import type { RepositoryOrder } from '../catalog/catalog-data.ts'
import type { UiStatus } from '../options.ts'

/** What the home page says. */
export interface HomeText {
  readonly title: string
  readonly search: string
  readonly searchHint: string
  readonly sortedBy: string
  readonly orders: Readonly<Record<RepositoryOrder, string>>
  readonly name: string
  readonly tags: string
  readonly size: string
  readonly lastPush: string
  readonly noneFound: (q: string) => string
  /** What is read out when the list has changed. */
  readonly counted: (count: number, more: boolean) => string
  readonly noneYet: string
  readonly showAll: string
  readonly partial: string
  readonly partlySorted: string
  readonly goOn: string
  readonly health: string
  readonly healths: Readonly<Record<UiStatus['health'], string>>
  readonly version: string
  readonly started: string
  readonly stored: string
  readonly uploads: string
  readonly noUploads: string
  readonly collected: string
  readonly freed: string
  readonly emptyTitle: string
  readonly emptyLead: string
  readonly withTool: string
  readonly plainHint: (host: string) => string
  readonly apiHint: string
  readonly nothingVisible: string
  readonly pleaseLogIn: string
}

/** HomeText in English. */
export const homeText: HomeText = {
  title: 'Repositories',
  search: 'Find a repository',
  searchHint: 'Find a repository',
  sortedBy: 'Sort by',
  orders: { name: 'Name', updated: 'Last push', size: 'Size' },
  name: 'Repository',
  tags: 'Tags',
  size: 'Size',
  lastPush: 'Last push',
  noneFound: (q) => (q === '' ? 'There is nothing here' : `No repository has “${q}” in its name`),
  counted: (count, more) =>
    `${count}${more ? ' and more' : ''} ${count === 1 ? 'repository' : 'repositories'}`,
  noneYet: 'No repository searched so far has that in its name.',
  showAll: 'Show all repositories',
  partial: 'There are more repositories than one search covers.',
  partlySorted: 'Only the first 1,000 repositories by name are sorted.',
  goOn: 'Continue the search',
  health: 'Health',
  healths: {
    ok: 'Healthy',
    degraded: 'Degraded',
    'read-only': 'Read-only',
    draining: 'Shutting down',
    starting: 'Starting',
  },
  version: 'Version',
  started: 'Started',
  stored: 'Stored',
  uploads: 'Uploads in progress',
  noUploads: 'None',
  collected: 'Last clean-up',
  freed: 'freed',
  emptyTitle: 'This registry is empty',
  emptyLead: 'Push your first image, and it appears here.',
  withTool: 'With',
  plainHint: (host) =>
    `This registry does not use TLS. Add ${host} to insecure-registries in Docker’s daemon.json first.`,
  apiHint: 'Clients find the API at',
  nothingVisible: 'Nothing here is public',
  pleaseLogIn: 'Log in to see your repositories.',
}
