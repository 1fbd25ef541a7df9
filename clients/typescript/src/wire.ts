// What goes over the wire. Made from the OpenAPI document by `python -m tests.clients.made_types`.

/** What became of the events of a request. */
export interface Accepted {
  /** How many events were accepted. */
  accepted: number
  /** Empty when all were accepted. */
  rejected: Rejection[]
  /** How many of the accepted were recorded before; absent where it is not known yet. */
  duplicates?: number | null
  /** Which of the accepted are kept but not counted, such as a bot's; absent where all count. */
  uncounted?: Uncounted[] | null
}

/** What happened in one bucket of time, or up to its end where counts are cumulative. */
export interface Bucket {
  /** Views. */
  views?: number
  /** Likes, unlikes taken off: below zero where more were taken back than given. */
  likes?: number
  /** Comments, uncomments taken off, as likes. */
  comments?: number
  /** Shares. */
  shares?: number
  /** Seconds watched. */
  watchSeconds?: number
  /** Seconds watched a view; null where nothing was viewed. */
  averageWatchSeconds?: number | null
  /** Unique viewers, only where they are asked for by `metrics`: exact while few, else within about 2 %. */
  uniqueViewers?: number
  /** Its first moment. */
  from: string
  /** The first moment after it. */
  to: string
  /** Whether it has not ended yet. */
  partial: boolean
  /** What it is compared with. */
  previous?: Earlier
}

/** The bucket of the period before that stands in the same place. */
export interface Earlier {
  /** Views. */
  views?: number
  /** Likes, unlikes taken off: below zero where more were taken back than given. */
  likes?: number
  /** Comments, uncomments taken off, as likes. */
  comments?: number
  /** Shares. */
  shares?: number
  /** Seconds watched. */
  watchSeconds?: number
  /** Seconds watched a view; null where nothing was viewed. */
  averageWatchSeconds?: number | null
  /** Unique viewers, only where they are asked for by `metrics`: exact while few, else within about 2 %. */
  uniqueViewers?: number
  /** Its first moment. */
  from: string
  /** The first moment after it. */
  to: string
}

/** One engagement event as a caller sends it. */
export interface EventIn {
  /** What happened. */
  type: 'comment' | 'like' | 'share' | 'uncomment' | 'unlike' | 'view' | 'watch_time'
  /** Id of the item. */
  contentId: string | number
  /** Type of the item, such as `video`. */
  contentType?: string
  /** Counts once, however often it is sent; made by the server where it is absent. */
  id?: string | null
  /** When it happened; the time inside a UUIDv7 `id`, or the time of arrival, where absent. */
  occurredAt?: string | null
  /** Who did it, in your terms: viewers are told apart by it. */
  userId?: string | number | null
  /** In which session, in your terms. */
  sessionId?: string | number | null
  /** How many events of this kind this one stands for. */
  count?: number
  /** Seconds watched by each of `count`; required for `watch_time`, refused for other types. */
  seconds?: number | null
  /** The viewer's, as a server was told it: a bot's event is kept, but not counted. */
  userAgent?: string | null
  /** Anything else, kept with the raw event. */
  metadata?: Record<string, unknown> | null
}

/** Counts of one item, over its lifetime, in windows that move and in those of the calendar. */
export interface ItemStats {
  /** Id of the item. */
  contentId: string
  /** Type of the item, such as `video`. */
  contentType: string
  /** Views today. */
  viewsToday?: number
  /** Views this week. */
  viewsWeek?: number
  /** Views this month. */
  viewsMonth?: number
  /** Views ever. */
  viewsTotal?: number
  /** Views in the last hour. */
  views1h?: number
  /** Views in the last 24 hours. */
  views24h?: number
  /** Views in the last 7 days. */
  views7d?: number
  /** Views in the last 30 days. */
  views30d?: number
  /** Likes, unlikes taken off, today. */
  likesToday?: number
  /** Likes, unlikes taken off, this week. */
  likesWeek?: number
  /** Likes, unlikes taken off, this month. */
  likesMonth?: number
  /** Likes, unlikes taken off, ever. */
  likesTotal?: number
  /** Likes, unlikes taken off, in the last hour. */
  likes1h?: number
  /** Likes, unlikes taken off, in the last 24 hours. */
  likes24h?: number
  /** Likes, unlikes taken off, in the last 7 days. */
  likes7d?: number
  /** Likes, unlikes taken off, in the last 30 days. */
  likes30d?: number
  /** Comments, uncomments taken off, today. */
  commentsToday?: number
  /** Comments, uncomments taken off, this week. */
  commentsWeek?: number
  /** Comments, uncomments taken off, this month. */
  commentsMonth?: number
  /** Comments, uncomments taken off, ever. */
  commentsTotal?: number
  /** Comments, uncomments taken off, in the last hour. */
  comments1h?: number
  /** Comments, uncomments taken off, in the last 24 hours. */
  comments24h?: number
  /** Comments, uncomments taken off, in the last 7 days. */
  comments7d?: number
  /** Comments, uncomments taken off, in the last 30 days. */
  comments30d?: number
  /** Shares today. */
  sharesToday?: number
  /** Shares this week. */
  sharesWeek?: number
  /** Shares this month. */
  sharesMonth?: number
  /** Shares ever. */
  sharesTotal?: number
  /** Shares in the last hour. */
  shares1h?: number
  /** Shares in the last 24 hours. */
  shares24h?: number
  /** Shares in the last 7 days. */
  shares7d?: number
  /** Shares in the last 30 days. */
  shares30d?: number
  /** Seconds watched today. */
  watchSecondsToday?: number
  /** Seconds watched this week. */
  watchSecondsWeek?: number
  /** Seconds watched this month. */
  watchSecondsMonth?: number
  /** Seconds watched ever. */
  watchSecondsTotal?: number
  /** Seconds watched in the last hour. */
  watchSeconds1h?: number
  /** Seconds watched in the last 24 hours. */
  watchSeconds24h?: number
  /** Seconds watched in the last 7 days. */
  watchSeconds7d?: number
  /** Seconds watched in the last 30 days. */
  watchSeconds30d?: number
  /** Seconds watched a view today; null without views. */
  averageWatchSecondsToday?: number | null
  /** Seconds watched a view this week; null without views. */
  averageWatchSecondsWeek?: number | null
  /** Seconds watched a view this month; null without views. */
  averageWatchSecondsMonth?: number | null
  /** Seconds watched a view ever; null without views. */
  averageWatchSecondsTotal?: number | null
  /** Seconds watched a view in the last hour; null without views. */
  averageWatchSeconds1h?: number | null
  /** Seconds watched a view in the last 24 hours; null without views. */
  averageWatchSeconds24h?: number | null
  /** Seconds watched a view in the last 7 days; null without views. */
  averageWatchSeconds7d?: number | null
  /** Seconds watched a view in the last 30 days; null without views. */
  averageWatchSeconds30d?: number | null
  /** Unique viewers today. */
  uniqueViewersToday?: number
  /** Unique viewers this week. */
  uniqueViewersWeek?: number
  /** Unique viewers this month. */
  uniqueViewersMonth?: number
  /** Unique viewers ever. */
  uniqueViewersTotal?: number
  /** Unique viewers in the last hour. */
  uniqueViewers1h?: number
  /** Unique viewers in the last 24 hours. */
  uniqueViewers24h?: number
  /** Unique viewers in the last 7 days. */
  uniqueViewers7d?: number
  /** Unique viewers in the last 30 days. */
  uniqueViewers30d?: number
  /** Whether it is among the hottest fifth, as of the last run. */
  isHot?: boolean
  /** Hot score, 0 to 1; null without an event in the last 24 hours. */
  hotScore?: number | null
  /** Place by hot score, from 1; null as the score is. */
  hotRank?: number | null
  /** Place in each trending list that it is in, by the list's window. */
  trendingRanks?: Record<string, number>
  /** The moment that the counts hold for. */
  asOf: string
  /** The last scoring run: the last hour, 24 hours, 7 and 30 days begin so long before it. */
  windowsAsOf?: string
  /** IANA time zone of today, this week and this month. */
  zone: string
  /** True when the database is down and this is the last known value. */
  stale?: boolean
  /** Whether the caller likes it; null while that cannot be known, absent without a caller. */
  hasLiked?: boolean | null
}

/** The buckets of one item or name, or of all that were asked for. */
export interface OneSeries {
  /** Type of the item, or the type that it is the series of. */
  contentType?: string
  /** Id of the item. */
  contentId?: string
  /** The category that it is the series of. */
  category?: string
  /** The creator that it is the series of. */
  creator?: string
  /** In order, without gaps. */
  buckets: Bucket[]
}

/** Why the event at `index` of the request was not accepted. */
export interface Rejection {
  /** Which event of the request, from 0. */
  index: number
  /** What was wrong with it: the field first. */
  reason: string
}

/** One or more series over the same buckets. */
export interface Series {
  /** Where the first bucket begins. */
  from: string
  /** Where the last bucket ends. */
  to: string
  /** How wide the buckets are. */
  bucket: '15m' | '1d' | '1h' | '1m' | '1mo' | '1w'
  /** IANA time zone whose hours, days, weeks (from Monday) and months they are. */
  zone: string
  /** What `previous` is: as many buckets just before, or a year (52 weeks) earlier. */
  compare: 'previous' | 'year' | null
  /** Whether each bucket includes those before it. */
  cumulative: boolean
  /** The moment that the counts hold for. */
  asOf: string
  /** One for each item or name that was asked for apart, else one of all. */
  series: OneSeries[]
}

/** A page of a ranking as of one run; counts are those inside the window. */
export interface Trending {
  /** Name of the ranking. */
  ranking: string
  /** What is ranked has events in it. */
  window: '1h' | '24h' | '30d' | '7d' | 'all' | 'month' | 'today' | 'week'
  /** The part ranked by itself, such as `category:Music`; null for the whole list. */
  segment: string | null
  /** Number of the run; null before the first. */
  runId: number | null
  /** Up to when the order is known to hold: a run that finds nothing new moves it on. */
  asOf: string | null
  /** True when scoring or publishing has stood still for three minutes or more, or never ran. */
  stale: boolean
  /** This page, by rank. */
  items: TrendingItem[]
  /** Send it as `cursor` for the next page of the same snapshot; null on the last page. */
  nextCursor: string | null
}

/** One line of a ranking. */
export interface TrendingItem {
  /** Its place, from 1. */
  rank: number
  /** Its rank in the run before; null for a new entry. */
  previousRank: number | null
  /** Id of the item. */
  contentId: string
  /** Type of the item, such as `video`. */
  contentType: string
  /** Title in the catalogue; null where it has none. */
  title: string | null
  /** Category in the catalogue; null where it has none. */
  category: string | null
  /** Creator in the catalogue; null where it has none. */
  creator: string | null
  /** Its score. */
  score: number
  /** Whether it was among the hottest fifth then; null where that is not known any more, and for categories and
  creators. */
  isHot: boolean | null
  /** Views. */
  views: number
  /** Likes, unlikes taken off. */
  likes: number
  /** Comments, uncomments taken off. */
  comments: number
  /** Shares. */
  shares: number
  /** Whether an editor has put it at this place. */
  pinned: boolean
  /** Whether an editor has put it before those that follow their scores. */
  featured: boolean
}

/** Why the event at `index` of the request is kept, but counted nowhere. */
export interface Uncounted {
  /** Which event of the request, from 0. */
  index: number
  /** Such as `bot: ` and what gave it away. */
  reason: string
}
