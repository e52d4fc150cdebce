// Statements that write many rows at once, from arrays of their columns.

export const putRepositories: string = `with fresh as (
    insert into repositories (name, created_at) select unnest($1::text[]), $2 returning id, name),
  counted as (insert into repository_counts (repo) select id from fresh)
  select id, name from fresh`

/** Fails, so that the batch looks again, where another batch named one of the digests meanwhile. */
export const putBlobs: string = `insert into blobs (digest, size, key, created_at)
  select decode(hex, 'hex') as digest, size, key, $4
  from unnest($1::text[], $2::bigint[], $3::text[]) as fresh (hex, size, key) order by digest`

export const replaceBlob: string = `update blobs set key = $3, missing = false
  where digest = decode($1, 'hex') and key = $2 returning 1`

/** Tags of a manifest with many are cleared later. */
export const deleteManifests: string = `with gone as (
    delete from manifests m using unnest($1::bigint[], $2::text[]) as each (repo, hex)
    where m.repo = each.repo and m.digest = decode(each.hex, 'hex')
    returning m.id, m.repo, m.tag_count),
  many as (insert into untagging (repo, manifest) select repo, id from gone where tag_count > 1000
    on conflict do nothing)
  delete from tags t using gone where gone.tag_count <= 1000 and t.manifest = gone.id`

export const putLinks: string = `insert into links (repo, digest, keep_until)
  select repo, decode(hex, 'hex'), keep_until
  from unnest($1::bigint[], $2::text[], $3::bigint[]) as each (repo, hex, keep_until)
  on conflict (repo, digest) do update set keep_until = excluded.keep_until`

export const deleteLinks: string = `delete from links l
  using unnest($1::bigint[], $2::text[]) as each (repo, hex)
  where l.repo = each.repo and l.digest = decode(each.hex, 'hex')`

export const putManifests: string = `insert into manifests as there (repo, digest, media_type,
    artifact_type, subject, annotations, refs, pushed_by, content_size, pushed_at, tag_count, tagged, untagged_at,
    pulled_at)
  select repo, decode(hex, 'hex'), media_type, artifact_type, subject, annotations,
    decode(refs, 'hex'), pushed_by, content_size, pushed_at, tag_count, tagged,
    case when tag_count > 0 then null when tagged > 0 then $15::bigint else untagged_at end, pulled_at
  from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
      $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::integer[], $14::integer[])
    as each (repo, hex, media_type, artifact_type, subject, annotations, refs, pushed_by, content_size, pushed_at,
      untagged_at, pulled_at, tag_count, tagged)
  on conflict (repo, digest) do update set media_type = excluded.media_type,
    artifact_type = excluded.artifact_type, subject = excluded.subject,
    annotations = excluded.annotations, refs = excluded.refs, pushed_at = excluded.pushed_at,
    pushed_by = excluded.pushed_by, content_size = coalesce(excluded.content_size, there.content_size),
    tag_count = there.tag_count + excluded.tag_count, tagged = there.tagged + excluded.tagged,
    untagged_at = case when there.tag_count + excluded.tag_count > 0 then null
      when excluded.tag_count < 0 or excluded.tagged > 0 then $15
      else coalesce(excluded.untagged_at, there.untagged_at) end,
    pulled_at = coalesce(excluded.pulled_at, there.pulled_at)`

export const putRefs: string = `insert into manifest_refs (repo, child, parent)
  select repo, decode(child, 'hex'), decode(parent, 'hex')
  from unnest($1::bigint[], $2::text[], $3::text[]) as each (repo, child, parent)
  on conflict do nothing`

export const deleteRefs: string = `delete from manifest_refs f
  using unnest($1::bigint[], $2::text[], $3::text[]) as each (repo, child, parent)
  where f.repo = each.repo and f.child = decode(each.child, 'hex')
    and f.parent = decode(each.parent, 'hex')`

export const shiftTags: string = `update manifests m
  set tag_count = m.tag_count + each.count, tagged = m.tagged + each.sets,
    untagged_at = case when m.tag_count + each.count > 0 then null
      when each.count < 0 or each.sets > 0 then $5::bigint else m.untagged_at end
  from unnest($1::bigint[], $2::text[], $3::integer[], $4::integer[]) as each (repo, hex, count, sets)
  where m.repo = each.repo and m.digest = decode(each.hex, 'hex')`

/** A tag of a manifest that can be brought back, and has many, may still be in the place of a new one. */
export const putTags: string = `with each as (
    select repo, name, hex, updated_at
    from unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[]) as given (repo, name, hex, updated_at)),
  displaced as (insert into deleted_tags (entry, name, updated_at)
    select u.entry, t.name, t.updated_at from each
    cross join lateral (select name, manifest, updated_at from tags
      where repo = each.repo and name = each.name offset 0) as t
    cross join lateral (select entry from untagging
      where repo = each.repo and manifest = t.manifest and entry is not null offset 0) as u
    on conflict do nothing)
  insert into tags (repo, name, manifest, updated_at, content_size)
  select each.repo, each.name, m.id, each.updated_at, coalesce(m.content_size, -1) from each
  join manifests m on m.repo = each.repo and m.digest = decode(each.hex, 'hex')
  on conflict (repo, name) do update
  set manifest = excluded.manifest, updated_at = excluded.updated_at, content_size = excluded.content_size`

export const deleteTags: string = `delete from tags t
  using unnest($1::bigint[], $2::text[]) as each (repo, name)
  where t.repo = each.repo and t.name = each.name`

export const putCounts: string = `update repository_counts c
  set manifests = each.manifests, tags = each.tags, blobs = each.blobs, bytes = each.bytes,
    pushed_at = nullif(each.pushed_at, 0)
  from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])
    as each (repo, manifests, tags, blobs, bytes, pushed_at)
  where c.repo = each.repo`

export const putEmpty: string = `update repositories r set empty = each.empty
  from unnest($1::bigint[], $2::boolean[]) as each (repo, empty)
  where r.id = each.repo`

export const putTrash: string = `insert into trash (key, digest, size, due_at)
  select key, decode(hex, 'hex'), size, due_at
  from unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[]) as each (key, hex, size, due_at)
  order by key
  on conflict (key) do nothing`

/** An update and not nothing: a collection that looks at the row now does so before this change, or skips it. */
export const putReview: string = `insert into review (digest, since)
  select decode(hex, 'hex') as digest, $2 from unnest($1::text[]) as hex order by digest
  on conflict (digest) do update set since = excluded.since`

/** Tags and blobs that can be brought back. */
export const putDeleted: string = `with fresh as (
    insert into deleted (kind, name, digest, tag, updated_at, deleted_at, ends_at)
    select kind, name, decode(hex, 'hex'), tag, updated_at, $7, ends_at
    from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[])
      as each (kind, name, hex, tag, updated_at, ends_at)
    returning id, kind, digest)
  insert into deleted_blobs (entry, digest)
  select id, digest from fresh where kind = 'blob' order by digest`

/** Adds up what manifests name, as far as their repositories have it; tags have the size as well. */
export const sizeManifests: string = `with named as (
    select repo, decode(parent, 'hex') as parent, decode(child, 'hex') as child
    from unnest($1::bigint[], $2::text[], $3::text[]) as each (repo, parent, child)),
  sizes as materialized (
    select named.repo, named.parent, sum(b.size)::bigint as size from named
    cross join lateral (select size from blobs where digest = named.child offset 0) as b
    where exists (select 1 from links where repo = named.repo and digest = named.child)
      or exists (select 1 from manifests where repo = named.repo and digest = named.child)
    group by named.repo, named.parent),
  sized as (
    update manifests m set content_size = sizes.size from sizes
    where m.repo = sizes.repo and m.digest = sizes.parent and m.content_size is distinct from sizes.size
    returning m.id, m.content_size)
  update tags t set content_size = sized.content_size from sized where t.manifest = sized.id`

/** Gives tags the size of their manifest, where a push changed it. */
export const resizeTags: string = `update tags t set content_size = m.content_size
  from unnest($1::bigint[], $2::text[]) as each (repo, hex)
  join manifests m on m.repo = each.repo and m.digest = decode(each.hex, 'hex')
  where t.manifest = m.id and t.content_size <> m.content_size`
