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

/** ContentsText in English. */
export const contentsText: ContentsText = {
  platforms: {
    title: 'Platforms',
    platform: 'Platform',
    digest: 'Digest',
    size: 'Size',
    unknown: 'No platform',
    missing: 'not in this repository',
    attestation: 'Attestation',
    attestationOf: (platform) => `Attestation for ${platform}`,
    none: 'This index lists no manifests.',
  },
  image: {
    title: 'Configuration',
    platform: 'Platform',
    osVersion: 'OS version',
    author: 'Author',
    entrypoint: 'Entrypoint',
    command: 'Command',
    workingDirectory: 'Working directory',
    user: 'User',
    ports: 'Ports',
    volumes: 'Volumes',
    stopSignal: 'Stop signal',
    healthcheck: 'Health check',
    environment: 'Environment',
    labels: 'Labels',
    name: 'Name',
    value: 'Value',
  },
  layers: {
    title: (count) => (count === 1 ? '1 layer' : `${count} layers`),
    historyTitle: 'History',
    step: 'Step',
    layer: 'Layer',
    size: 'Size',
    noLayer: 'no layer',
    elsewhere: 'from another server',
    notMatched: 'The history does not say which step made which layer.',
  },
  files: {
    title: 'Files',
    name: 'Name',
    type: 'Type',
    size: 'Size',
    none: 'This artifact has no files.',
  },
  chart: {
    title: 'Chart',
    version: 'Version',
    appVersion: 'App version',
    type: 'Type',
    kubeVersion: 'Kubernetes',
    home: 'Home page',
    sources: 'Sources',
    keywords: 'Keywords',
    maintainers: 'Maintainers',
    dependencies: 'Dependencies',
    dependency: 'Chart',
    repository: 'Repository',
    condition: 'Condition',
    deprecated: 'This chart is deprecated.',
  },
}
