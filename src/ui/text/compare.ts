/** What a comparison says. */
export interface CompareText {
  readonly title: string
  readonly from: string
  readonly to: string
  readonly platform: string
  readonly submit: string
  readonly swap: string
  readonly choose: string
  readonly noPlatform: string
  readonly missing: string
  readonly same: string
  readonly fetch: (from: string, bytes: string, to: string) => string
  readonly difference: string
  readonly shared: string
  readonly layers: string
  readonly state: string
  readonly size: string
  readonly digest: string
  readonly sharedLayer: string
  readonly addedLayer: string
  readonly removedLayer: string
  readonly config: string
  readonly environment: string
  readonly labels: string
  readonly annotations: string
  readonly files: string
  readonly history: string
  readonly sameSteps: (count: string) => string
  readonly name: string
  readonly absent: string
  /** Names of what an image's config says. */
  readonly keys: Readonly<Record<string, string>>
}
