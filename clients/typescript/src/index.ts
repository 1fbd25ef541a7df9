// A client of Groundswell: `Recorder` sends events, each once, and `Reader` reads what they make.

export type { Accepted, Bucket, ItemStats, OneSeries, Series, Trending, TrendingItem } from './wire.js'
export type { Event } from './event.js'
export { uuid7 } from './event.js'
export { Problem } from './problem.js'
export { Reader } from './reader.js'
export type { SeriesQuery, StatsQuery, TrendingQuery } from './reader.js'
export { Recorder } from './recorder.js'
export type { RecorderOptions } from './recorder.js'
