// What tests let the TypeScript client do: node scenes.js SCENE URL.

import { Problem, Reader, Recorder, type Event } from './dist/index.js'

declare const process: {
  argv: string[]
  stdin: AsyncIterable<unknown> & { pause(): void }
  exitCode: number
}

const [, , scene, url = ''] = process.argv
const told: [unknown, string][] = []
const note = (event: Event, reason: string): void => void told.push([event.contentId, reason])
const noting = { onRejected: note, onDropped: note }
const view = (contentId: string): Event => ({ type: 'view', contentId })
const say = (value: unknown): void => console.log(JSON.stringify(value))

/** Wait for whoever watches to go on. */
async function goOn(): Promise<void> {
  for await (const _ of process.stdin) break
}

async function many(recorder: Recorder, name: string, count: number): Promise<string[]> {
  return Array.from({ length: count }, (_, n) => recorder.record(view(`${name}${n}`)))
}

const scenes: Record<string, () => Promise<void>> = {
  async outage() {
    const recorder = new Recorder(url, { batchSize: 7, ...noting })
    const ids = await many(recorder, 'a', 100)
    say('first')
    await goOn()
    ids.push(...(await many(recorder, 'b', 100)))
    say('second')
    await recorder.flush()
    await recorder.close()
    say([new Set(ids).size, told])
  },
  async several() {
    const recorder = new Recorder(url, { batchSize: 310 })
    await many(recorder, 'a', 620)
    await recorder.flush()
    await recorder.close()
    say('sent')
  },
  async rejected() {
    const recorder = new Recorder(url, { batchSize: 33, ...noting })
    await many(recorder, 'a', 32)
    recorder.record({ type: 'watch_time', contentId: 'bad' })
    await recorder.flush()
    recorder.record({ type: 'watch_time', contentId: 'worse' })
    await recorder.close()
    say(told)
  },
  async full() {
    for (const whenFull of ['dropNewest', 'dropOldest'] as const) {
      told.length = 0
      const recorder = new Recorder(url, { bufferSize: 3, batchSize: 4, batchTime: 3_600_000, whenFull, exitTime: 0, ...noting })
      for (const contentId of 'abcd') recorder.record(view(contentId))
      await recorder.close()
      say(told)
    }
  },
  async ends() {
    new Recorder(url, { batchTime: 3_600_000 }).record(view('last'))
  },
  async reading() {
    const reader = new Reader(url)
    const listed: string[] = []
    for await (const item of reader.trending({ window: '24h' })) listed.push(item.contentId)
    const first: number[] = []
    for await (const item of reader.trending({ limit: 3 })) first.push(item.rank)
    const stats = await reader.stats('a0', { fields: 'viewsTotal' })
    const { series } = await reader.series({ contentId: 'a0', metrics: ['views'], bucket: '1d' })
    const missing = await reader.stats('no/body').catch((error: unknown) => error)
    if (!(missing instanceof Problem)) throw missing
    say([listed, first, stats.viewsTotal, series[0]?.buckets.at(-1)?.views, missing.type, missing.retryAfter])
  },
}

await scenes[scene ?? '']?.()
