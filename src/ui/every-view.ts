/*
 * All of the page at once. A server imports this beside the page, so that its views are there also when the files it was
 * started from have been replaced by those of a newer version.
 */

import '../core/browse-lists.ts'
import '../core/deletion-preview.ts'
import './artifact/show-artifact.ts'
import './compare/show-comparison.ts'
import './deletion/show-deletion.ts'
import './deletion/show-trash.ts'
import './facts/facts-for-view.ts'
import './live/live-views.ts'
import './live/open-events.ts'
import './page-answer.ts'
import './repository/show-repository.ts'
import './session/respond-refusal.ts'
import './session/sessions.ts'
import './session/show-login.ts'
