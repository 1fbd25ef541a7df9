// Record, read the counts, rank, and read the list: with no type but those of the document.

import type { components, paths } from './schema.js'

declare const process: { argv: string[] }

const [, , url, adminKey] = process.argv
type Schemas = components['schemas']

async function call<Answer>(method: string, path: keyof paths, query = '', body?: unknown): Promise<Answer> {
  const answer = await fetch(`${url}${path}${query}`, {
    method,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${adminKey}` },
    body: body === undefined ? undefined : JSON.stringify(body),
  })
  if (answer.status !== 200) throw new Error(`${answer.status} ${await answer.text()}`)
  return (await answer.json()) as Answer
}

const events: Schemas['EventInOrMore'] = [
  { type: 'view', contentId: 'typed', count: 3 },
  { type: 'like', contentId: 'typed' },
]
type Recorded = paths['/analytics/events']['post']['responses'][200]['content']['application/json']
const recorded = await call<Recorded>('POST', '/analytics/events', '?wait=true', events)

type Stats = paths['/analytics/stats/{contentId}']['get']['responses'][200]['content']['application/json']
const stats = await call<Stats>('GET', '/analytics/stats/{contentId}'.replace('{contentId}', 'typed') as keyof paths)

await call<Schemas['Refreshed']>('POST', '/admin/rankings/refresh')
type List = paths['/analytics/trending']['get']['responses'][200]['content']['application/json']
let list: List = await call<List>('GET', '/analytics/trending')
const deadline = Date.now() + 10_000
while (list.items.length === 0 && Date.now() < deadline) list = await call<List>('GET', '/analytics/trending')

const first: Schemas['TrendingItem'] | undefined = list.items[0]
console.log(JSON.stringify([recorded.accepted, stats.viewsTotal, stats.likesTotal, first?.contentId, first?.views]))
