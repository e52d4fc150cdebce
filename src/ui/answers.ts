/*
 * The answers of the page to programs that ask for JSON. Times are in milliseconds since the epoch, sizes in bytes.
 */

export type {
  ArtifactAnswer,
  ArtifactData,
  ArtifactTab,
  AttachedCount,
  Parent,
  PlatformFacts,
  RawManifest,
} from './artifact/artifact-data.ts'
export type {
  Contents,
  DocumentContents,
  ReadDocument,
  Unreadable,
  UnreadContent,
} from './artifact/contents.ts'
export type { PullClient, PullCommand } from './artifact/pull-commands.ts'
export type {
  ComparedSide,
  ComparisonData,
  Differences,
  ImageDifferences,
} from './compare/comparison-data.ts'
export type { Change, ContentDifference, HistoryDifference } from './compare/differences.ts'
export type { ChartDependency, ChartFacts, Maintainer } from './readers/chart.ts'
export type { HistoryStep, ImageConfig } from './readers/image-config.ts'
export type { ArtifactKind } from './readers/kinds.ts'
export type { ContentDetails, Platform } from './readers/manifest-details.ts'
export type { LicenceCount, SbomPackage, SbomSummary } from './readers/sbom.ts'
export type { Entry, Listed } from './readers/shapes.ts'
export type { SignatureFacts } from './readers/signature.ts'
export type { DocumentFacts, Provenance } from './readers/statement.ts'
export type { AttachedTo, ReferrerNode, ReferrersData } from './referrers/referrers-data.ts'
