/**
 * Loads all of the page at once, which otherwise is loaded with the first request for each part. So a server has its views
 * also when the files it was started from are replaced by those of a newer version.
 */
export async function loadEveryView(): Promise<void> {
  await Promise.all([
    import('../core/browse-lists.ts'),
    import('../core/deletion-preview.ts'),
    import('../core/parents.ts'),
    import('./artifact/show-artifact.ts'),
    import('./compare/show-comparison.ts'),
    import('./deletion/show-deletion.ts'),
    import('./deletion/show-trash.ts'),
    import('./facts/facts-for-view.ts'),
    import('./live/live-views.ts'),
    import('./live/open-events.ts'),
    import('./page-answer.ts'),
    import('./repository/show-repository.ts'),
    import('./session/form-fields.ts'),
    import('./session/respond-refusal.ts'),
    import('./session/sessions.ts'),
    import('./session/show-login.ts'),
  ])
}
