// Fills Layerdock's tables by SQL: over HTTP a million manifests would take an hour.

import { createHash } from 'node:crypto'
import { largeNames } from './seed.mjs'

/** @import { Sql } from 'postgres' */

/**
 * @typedef {object} Contents
 * @property {number} manifests half of them in one repository
 * @property {number} tags in that repository
 * @property {number} repositories that share the other half
 * @property {number} referrers of one manifest of that repository
 */

/** Manifests that name the same layer. */
const sharing = 5
const manifestType = 'application/vnd.oci.image.manifest.v1+json'
const configType = 'application/vnd.oci.image.config.v1+json'
const layerType = 'application/vnd.oci.image.layer.v1.tar+gzip'
/** The artifact types of referrers, in turns. */
export const artifactTypes = ['application/vnd.example.report', 'application/vnd.example.signature']

const baseText = 'base layer'
/** The first layer of all images, as it often is. */
export const baseLayer = `sha256:${createHash('sha256').update(baseText).digest('hex')}`

/**
 * Fills tables that are new and empty.
 * @param {Sql} sql one connection
 * @param {Contents} contents
 * @param {(line: string) => void} progress
 */
export async function seedDatabase(sql, contents, progress) {
  for (const [title, statement] of statementsFor(contents)) {
    const began = performance.now()
    await sql.unsafe(statement)
    progress(`${title}: ${((performance.now() - began) / 1000).toFixed(1)} s`)
  }
}

/**
 * @param {Contents} contents
 * @returns {(readonly [title: string, statement: string])[]}
 */
export function statementsFor({ manifests, tags, repositories, referrers }) {
  const large = Math.floor(manifests / 2)
  const each = Math.max(sharing, Math.ceil((manifests - large) / repositories / sharing) * sharing)
  const now = Date.now()
  const base = `sha256('${baseText}')`
  const key = "'small/019000000000-' || substr(encode(digest, 'hex'), 3, 20)"
  const { repository, middleRepository, middleTag } = largeNames
  const descriptor = (
    /** @type {string} */ type,
    /** @type {string} */ hash,
    /** @type {string} */ size,
  ) => `'{"mediaType":"${type}","digest":"sha256:' || encode(${hash}, 'hex') || '","size":${size}}'`
  // With `offset 0` nothing is computed twice.
  const texts = (/** @type {number} */ count) => `
    select *, '{"schemaVersion":2,"mediaType":"${manifestType}"' ||
      case kind when 0 then ',"artifactType":"${artifactTypes[0]}"'
        when 1 then ',"artifactType":"${artifactTypes[1]}"' else '' end ||
      ',"config":' || ${descriptor(configType, 'config', '120')} ||
      ',"layers":[' || ${descriptor(layerType, base, '1000')} || ',' ||
      ${descriptor(layerType, 'layer', '1000')} || '],"annotations":{"number":"' || n || '"}' as text
    from (
      select n, case when n < ${large} then 0 else 1 + (n - ${large}) / ${each} end as place,
        sha256(convert_to('config ' || n, 'UTF8')) as config,
        sha256(convert_to('layer ' || n / ${sharing}, 'UTF8')) as layer,
        case when n between 1 and ${referrers} then n % 2 end as kind
      from generate_series(0, ${count - 1}) as n offset 0) as content
    offset 0`
  return [
    [
      'settings',
      `set synchronous_commit = off; set session_replication_role = replica;
       set work_mem = '128MB'; set maintenance_work_mem = '512MB'`,
    ],
    [
      'repositories',
      `insert into repositories (name, empty, created_at)
       select case n when 0 then '${repository}' when 1 then '${middleRepository}'
         else 'bench/r-' || substr(md5(n::text), 1, 8) end, false, ${now}
       from generate_series(0, ${repositories}) as n on conflict do nothing`,
    ],
    [
      'content',
      `create temporary table seeds as
       select n, place, '\\x01'::bytea || config as config, '\\x01'::bytea || layer as layer,
         '\\x01'::bytea || ${base} as base, kind, subject, bytes, '\\x01'::bytea || sha256(bytes) as digest
       from (
         select t.*, convert_to(text || case when kind is null then ''
             else ',"subject":' || ${descriptor(manifestType, 'first.digest', '500')} end || '}', 'UTF8') as bytes,
           case when kind is not null then 'sha256:' || encode(first.digest, 'hex') end as subject
         from (${texts(manifests)}) as t,
           (select sha256(convert_to(text || '}', 'UTF8')) as digest from (${texts(1)}) as t) as first
         offset 0) as whole`,
    ],
    [
      'places',
      `create temporary table places as
       select p.place, r.id as repo from (
         select id, (row_number() over (order by id)) - 1 as place from repositories) as r
       join (select distinct place from seeds) as p using (place);
       create index on places (place); create index on seeds (place); analyze seeds; analyze places`,
    ],
    [
      'blobs',
      `insert into blobs (digest, size, key, created_at)
       select digest, size, key, ${now} from (
         select digest, length(bytes) as size, ${key} as key from seeds
         union all select config, 120, 'seed/' || encode(config, 'hex') from seeds
         union all select distinct layer, 1000, 'seed/' || encode(layer, 'hex') from seeds
         union all select distinct base, 1000, 'seed/' || encode(base, 'hex') from seeds) as all_blobs
       order by digest`,
    ],
    [
      'bytes of manifests',
      `insert into small_blobs (key, digest, bytes, committed_at)
       select ${key}, digest, bytes, ${now} from seeds order by digest`,
    ],
    [
      'links',
      `insert into links (repo, digest)
       select repo, digest from (
         select place, config as digest from seeds union all select distinct place, layer from seeds
         union all select distinct place, base from seeds) as named
       join places using (place) order by repo, digest`,
    ],
    [
      'manifests',
      `insert into manifests (repo, digest, media_type, artifact_type, subject, annotations, refs, pushed_at,
         tag_count, tagged)
       select repo, digest, '${manifestType}',
         case kind when 0 then '${artifactTypes[0]}' when 1 then '${artifactTypes[1]}' else '${configType}' end,
         subject, '["number","' || n || '"]', config || base || layer, ${now}, 1, 1
       from seeds join places using (place) order by repo, digest`,
    ],
    [
      'what manifests name',
      `insert into manifest_refs (repo, child, parent)
       select repo, child, digest from (
         select place, config as child, digest from seeds
         union all select place, layer, digest from seeds
         union all select place, base, digest from seeds) as named
       join places using (place) order by repo, child, digest`,
    ],
    [
      'tags',
      `insert into tags (repo, name, manifest, updated_at)
       select m.repo, 't-' || case t.n when 0 then '${middleTag.slice(2)}' else substr(md5(t.n::text), 1, 8) end,
         m.id, ${now}
       from generate_series(0, ${tags - 1}) as t (n) join seeds s on s.n = t.n % ${large} and s.place = 0
       join places p using (place) join manifests m on m.repo = p.repo and m.digest = s.digest
       on conflict do nothing;
       insert into tags (repo, name, manifest, updated_at)
       select repo, 'latest', min(id), ${now} from manifests
       where repo <> (select repo from places where place = 0) group by repo`,
    ],
    [
      'counts',
      `insert into repository_counts (repo, manifests, tags, blobs, bytes)
       select r.id, coalesce(m.count, 0), coalesce(t.count, 0), coalesce(l.count, 0), coalesce(m.count, 0) * 1500
       from repositories r
       left join (select repo, count(*) from manifests group by repo) as m on m.repo = r.id
       left join (select repo, count(*) from tags group by repo) as t on t.repo = r.id
       left join (select repo, count(*) from links group by repo) as l on l.repo = r.id
       on conflict (repo) do nothing`,
    ],
    // While commits wait for the disk, no page is marked as visible to all.
    ['flush', 'checkpoint'],
    ['settings again', 'set synchronous_commit = on'],
    ['statistics', 'vacuum analyze'],
  ]
}
