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
