/** What the page of a tag or digest says of what is inside. */
export interface ContentsText {
  readonly platforms: {
    readonly title: string
    readonly platform: string
    readonly digest: string
    readonly size: string
    readonly unknown: string
    readonly missing: string
    readonly attestation: string
    readonly attestationOf: (platform: string) => string
    readonly none: string
  }
  readonly image: Readonly<
    Record<
      | 'title'
      | 'platform'
      | 'osVersion'
      | 'author'
      | 'entrypoint'
      | 'command'
      | 'workingDirectory'
      | 'user'
      | 'ports'
      | 'volumes'
      | 'stopSignal'
      | 'healthcheck'
      | 'environment'
      | 'labels'
      | 'name'
      | 'value',
      string
    >
  >
  readonly layers: {
    readonly title: (count: number) => string
    readonly historyTitle: string
    readonly step: string
    readonly layer: string
    readonly size: string
    readonly noLayer: string
    readonly elsewhere: string
    readonly notMatched: string
  }
  readonly files: {
    readonly title: string
    readonly name: string
    readonly type: string
    readonly size: string
    readonly none: string
  }
  readonly chart: Readonly<
    Record<
      | 'title'
      | 'version'
      | 'appVersion'
      | 'type'
      | 'kubeVersion'
      | 'home'
      | 'sources'
      | 'keywords'
      | 'maintainers'
      | 'dependencies'
      | 'dependency'
      | 'repository'
      | 'condition'
      | 'deprecated',
      string
    >
  >
}
