// Reads counts and lists.

import { Problem, bodyOf } from './problem.js'
import type { ItemStats, Series, Trending, TrendingItem } from './wire.js'

const PAGE = 100

type Value = string | number | boolean | readonly string[] | undefined
type Query = Record<string, Value>

/** As in the API. */
export interface StatsQuery {
  contentType?: string
  tz?: string
  /** Only these, such as `viewsTotal,likesToday`. */
  fields?: string
}

/** As in the API; without a `limit`, all of the list. */
export interface TrendingQuery {
  window?: '1h' | '24h' | '7d' | '30d' | 'all'
  category?: string
  contentType?: string
  limit?: number
}

/** As in the API. */
export interface SeriesQuery {
  contentId?: string | readonly string[]
  contentType?: string | readonly string[]
  category?: string | readonly string[]
  creator?: string | readonly string[]
  metadata?: string | readonly string[]
  bucket?: Series['bucket']
  by?: 'item' | 'category' | 'contentType' | 'creator'
  metrics?: readonly string[]
  from?: string
  to?: string
  tz?: string
  compare?: 'previous' | 'year'
  cumulative?: boolean
}

/**
 * Asks a Groundswell service; what it refuses is thrown as `Problem`.
 *
 * Nothing is tried again: `Problem.retryAfter` says when that may help.
 */
export class Reader {
  private readonly headers: Record<string, string>

  constructor(
    private readonly url: string,
    private readonly options: { key?: string; timeout?: number } = {},
  ) {
    this.headers = options.key === undefined ? {} : { authorization: `Bearer ${options.key}` }
  }

  /** Return an item's counts. */
  stats(contentId: string, query: StatsQuery = {}): Promise<ItemStats> {
    // A path cannot carry these two.
    const inQuery = contentId === '.' || contentId === '..'
    const segment = inQuery ? '-' : encodeURIComponent(contentId)
    return this.get(`/analytics/stats/${segment}`, { ...query, contentId: inQuery ? contentId : undefined })
  }

  /**
   * Return what is trending, the first first.
   *
   * Pages are asked for as they are needed, all of one snapshot: none repeats or skips.
   */
  async *trending({ limit = Infinity, ...query }: TrendingQuery = {}): AsyncGenerator<TrendingItem, void> {
    let cursor: string | undefined
    while (limit > 0) {
      const page: Trending = await this.trendingPage({ ...query, limit: Math.min(PAGE, limit), cursor })
      yield* page.items
      limit -= page.items.length
      if (page.nextCursor === null) return
      cursor = page.nextCursor
    }
  }

  /** Return one page of it, with the run that it is of. */
  trendingPage(query: TrendingQuery & { cursor?: string | undefined } = {}): Promise<Trending> {
    return this.get('/analytics/trending', { ...query })
  }

  /** Return counts over time. */
  series(query: SeriesQuery = {}): Promise<Series> {
    return this.get('/analytics/series', { ...query })
  }

  private async get<Answer>(path: string, query: Query): Promise<Answer> {
    const words = new URLSearchParams()
    for (const [name, value] of Object.entries(query)) {
      if (value === undefined) continue
      for (const one of Array.isArray(value) ? value : [value]) words.append(name, String(one))
    }
    const answer = await fetch(`${this.url.replace(/\/$/, '')}${path}?${words}`, {
      headers: this.headers,
      signal: AbortSignal.timeout(this.options.timeout ?? 10_000),
    })
    if (!answer.ok) throw new Problem(answer, await bodyOf(answer))
    return (await answer.json()) as Answer
  }
}
