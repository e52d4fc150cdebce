import { copyField } from '../components/copy-field.ts'
import { notice } from '../components/notice.ts'
import { type Html, html } from '../html.ts'
import type { PageContext } from '../page.ts'
import type { ArtifactData } from './artifact-data.ts'
import type { PullCommand } from './pull-commands.ts'

/** Draws the commands that pull something: the likely one, and behind a fold all others. */
export function pullView({ pull, isInsecure }: ArtifactData, page: PageContext): Html {
  const words = page.text.artifact.pull
  const [likely, ...others] = pull
  if (likely === undefined) {
    return html`<section class="section"><h2>${words.title}</h2><p class="muted">${words.noHost}</p></section>`
  }
  return html`<section class="section pull"><h2>${words.title}</h2>
${commands(likely, words.byDigest, page)}
${isInsecure && likely.client === 'docker' ? notice(words.insecureDocker) : null}
<details><summary>${words.more}</summary>
${others.map((other) => html`<h3>${words.clients[other.client]}</h3>${commands(other, words.byDigestShort, page)}`)}
</details></section>`
}

/** One client by tag and by digest. */
function commands({ client, byTag, byDigest }: PullCommand, hint: string, page: PageContext): Html {
  const words = page.text.artifact.pull
  const label = words.copy(words.clients[client])
  if (byTag === null) return copyField(byDigest, page, label)
  return html`${copyField(byTag, page, label)}
<p class="muted small">${hint}</p>
${copyField(byDigest, page, `${label}, ${words.byDigestShort}`)}`
}
