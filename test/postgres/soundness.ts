import type { SqlQuery } from '../../adapters/postgres/index.ts'

/** What must be so of the tables whenever nothing is under way; each query finds what is not. */
const unsound: Readonly<Record<string, string>> = {
  'blobs that nothing holds and nothing reviews': `select encode(digest, 'hex') from blobs b
    where not exists (select 1 from links l where l.digest = b.digest)
      and not exists (select 1 from manifests m where m.digest = b.digest)
      and not exists (select 1 from deleted_blobs d where d.digest = b.digest)
      and not exists (select 1 from review r where r.digest = b.digest)`,
  'keys that are named and condemned': 'select key from blobs join trash using (key)',
  'keys that are named twice': 'select key from blobs group by key having count(*) > 1',
  'counts that are wrong': `select r.name, c.*, m.count, t.count, l.count
    from repositories r join repository_counts c on c.repo = r.id,
    lateral (select count(*) from manifests where repo = r.id) m,
    lateral (select count(*) from tags t join manifests m on m.id = t.manifest where t.repo = r.id) t,
    lateral (select count(*) from links where repo = r.id) l
    where (c.manifests, c.tags, c.blobs) is distinct from (m.count, t.count, l.count)
      or r.empty is distinct from (m.count + l.count = 0)`,
  'bytes that are wrong': `select r.name, c.bytes, coalesce(sum(x.size), 0)
    from repositories r join repository_counts c on c.repo = r.id
    left join lateral (select b.digest, b.size from blobs b
      where exists (select 1 from manifests m where m.repo = r.id and m.digest = b.digest)
        or (exists (select 1 from links l where l.repo = r.id and l.digest = b.digest)
          and exists (select 1 from manifest_refs f where f.repo = r.id and f.child = b.digest))) x on true
    group by r.name, c.bytes having c.bytes <> coalesce(sum(x.size), 0)`,
  'tags of manifests that are wrong': `select m.id, m.tag_count, count(t.name) from manifests m
    left join tags t on t.manifest = m.id group by m.id having m.tag_count <> count(t.name)`,
  'references of manifests that are gone': `select f.* from manifest_refs f
    left join manifests m on m.repo = f.repo and m.digest = f.parent where m.id is null`,
  'tags of manifests that are gone': `select t.* from tags t left join manifests m on m.id = t.manifest
    left join untagging u on u.manifest = t.manifest where m.id is null and u.manifest is null`,
  'what is kept for nothing that can be brought back': `select d.entry from deleted_blobs d
    where not exists (select 1 from deleted where id = d.entry)`,
  'tags of nothing that can be brought back': `select d.entry from deleted_tags d
    where not exists (select 1 from deleted where id = d.entry)
      and not exists (select 1 from deleted_ended where entry = d.entry)`,
  'repositories that nothing brings back': `select r.name from repositories r
    where r.trashed <> exists (select 1 from deleted d where d.repo = r.id)`,
  'links without an end that no manifest names': `select l.* from links l where keep_until is null
    and not exists (select 1 from manifest_refs f where f.repo = l.repo and f.child = l.digest)`,
  'messages without a head': `select endpoint, repository from outbox
    except select endpoint, repository from outbox_heads`,
  'heads of no message': `select h.endpoint, h.repository, h.head from outbox_heads h
    left join outbox o on o.endpoint = h.endpoint and o.repository = h.repository and o.id = h.head where o.id is null`,
  'messages that wait and are dead':
    'select endpoint, id from outbox join dead_letters using (endpoint, id)',
  'counts of messages that are wrong': `select c.*, w.waiting, w.bytes, d.dead, d.bytes from (
      select endpoint, sum(waiting) as waiting, sum(waiting_bytes) as waiting_bytes, sum(dead) as dead,
        sum(dead_bytes) as dead_bytes from outbox_counts group by endpoint) as c,
    lateral (select count(*) as waiting, coalesce(sum(octet_length(text)), 0) as bytes
      from outbox where endpoint = c.endpoint) as w,
    lateral (select count(*) as dead, coalesce(sum(octet_length(text)), 0) as bytes
      from dead_letters where endpoint = c.endpoint) as d
    where (c.waiting, c.waiting_bytes, c.dead, c.dead_bytes) is distinct from (w.waiting, w.bytes, d.dead, d.bytes)`,
  'content of repositories that are gone': `select repo from (
      select repo from links union all select repo from manifests union all select repo from tags
      union all select repo from repository_counts) x
    left join repositories r on r.id = x.repo where r.id is null`,
}

/** What is wrong with the tables, in words; nothing where they are sound. */
export async function faultsIn(query: SqlQuery): Promise<readonly string[]> {
  const faults: string[] = []
  for (const [name, text] of Object.entries(unsound)) {
    const rows = await query(text)
    if (rows.length > 0) faults.push(`${rows.length} ${name}: ${JSON.stringify(rows[0])}`)
  }
  return faults
}
