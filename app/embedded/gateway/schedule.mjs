// Cron's schedules as pg_cron knows them: five fields in UTC, `$` for the last day of a month,
// @names, and `N seconds`.

const NAMES = {
  month: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
  weekday: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'],
}
const FIELDS = [
  { name: 'minute', from: 0, to: 59 },
  { name: 'hour', from: 0, to: 23 },
  { name: 'day', from: 1, to: 31 },
  { name: 'month', from: 1, to: 12, names: NAMES.month },
  { name: 'weekday', from: 0, to: 7, names: NAMES.weekday },
]
const ALIASES = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
}
const LONGEST = 1_000
const SECONDS = /^\s*([1-9]|[1-5]\d)\s+seconds?\s*$/i

/** A schedule, or null if the text is not one. */
export function parseSchedule(text) {
  if (text.length > LONGEST) return null
  const seconds = SECONDS.exec(text)
  if (seconds) return { kind: 'seconds', seconds: Number(seconds[1]) }
  const trimmed = text.trim().toLowerCase()
  if (trimmed === '@reboot') return { kind: 'reboot' }
  const fields = (ALIASES[trimmed] ?? trimmed).split(/\s+/)
  if (fields.length !== FIELDS.length) return null
  const parsed = fields.map((field, i) => parseField(field, FIELDS[i]))
  if (parsed.includes(null)) return null
  const [minute, hour, day, month, weekday] = parsed
  if (weekday.values.has(7)) weekday.values.add(0)
  return { kind: 'cron', minute, hour, day, month, weekday }
}

function parseField(text, field) {
  if (field.name === 'day' && text === '$') return { star: false, last: true, values: new Set() }
  const values = new Set()
  for (const part of text.split(',')) {
    const range = parsePart(part, field)
    if (!range) return null
    for (let value = range.low; value <= range.high; value += range.step) values.add(value)
  }
  // Cron's rule for days looks at the first character only: so `*/2` counts as a star.
  return { star: text.startsWith('*'), last: false, values }
}

function parsePart(part, field) {
  const match = /^(\*|\w+)(?:-(\w+))?(?:\/(\d{1,4}))?$/.exec(part)
  if (!match) return null
  const [, first, second, stepText] = match
  const star = first === '*'
  if (star && second !== undefined) return null
  // A step needs a range: `5/10` is an error in cron.
  if (stepText !== undefined && !star && second === undefined) return null
  const low = star ? field.from : parseValue(first, field)
  const high = star ? field.to : second === undefined ? low : parseValue(second, field)
  const step = stepText === undefined ? 1 : Number(stepText)
  if (low === null || high === null || low > high || step < 1) return null
  return { low, high, step }
}

function parseValue(text, field) {
  if (/^\d{1,2}$/.test(text)) {
    const value = Number(text)
    return value >= field.from && value <= field.to ? value : null
  }
  const index = field.names?.indexOf(text) ?? -1
  return index < 0 ? null : index + (field.name === 'month' ? 1 : 0)
}

/** Whether a cron schedule is due in the minute that `time` is in. */
export function isDue(schedule, time) {
  if (schedule.kind !== 'cron') return false
  const { minute, hour, month } = schedule
  return (
    minute.values.has(time.getUTCMinutes()) &&
    hour.values.has(time.getUTCHours()) &&
    month.values.has(time.getUTCMonth() + 1) &&
    isDueDay(schedule, time)
  )
}

// Both fields must fit if one of them is a star, else either is enough.
function isDueDay({ day, weekday }, time) {
  const tomorrow = new Date(time.getTime() + 86_400_000)
  const dayFits = day.last ? tomorrow.getUTCDate() === 1 : day.values.has(time.getUTCDate())
  const weekdayFits = weekday.values.has(time.getUTCDay())
  return day.star || weekday.star ? dayFits && weekdayFits : dayFits || weekdayFits
}
