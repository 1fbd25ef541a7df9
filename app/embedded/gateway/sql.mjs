// Just enough SQL reading to know what a statement is about: tokens, never grammar.

const TOKEN = new RegExp(
  [
    String.raw`(?<space>\s+|--[^\n]*)`,
    String.raw`(?<block>/\*)`,
    String.raw`(?<dollar>\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$)`,
    String.raw`(?<escape>[eE]'(?:[^'\\]|\\[\s\S]|'')*'?)`,
    String.raw`(?<string>(?:[uU]&|[bBxXnN])?'(?:[^']|'')*'?)`,
    String.raw`(?<quoted>(?:[uU]&)?"(?:[^"]|"")*"?)`,
    String.raw`(?<word>[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)`,
    String.raw`(?<number>\d[\w.]*)`,
    String.raw`(?<end>;)`,
    String.raw`(?<other>[\s\S])`,
  ].join('|'),
  'y',
)

function blockCommentEnd(text, start) {
  let depth = 1
  const marks = /\/\*|\*\//g
  marks.lastIndex = start
  for (let mark = marks.exec(text); mark; mark = marks.exec(text)) {
    depth += mark[0] === '/*' ? 1 : -1
    if (depth === 0) return marks.lastIndex
  }
  return text.length
}

function* tokens(text) {
  let at = 0
  while (at < text.length) {
    TOKEN.lastIndex = at
    const start = at
    const { groups, 0: raw } = TOKEN.exec(text)
    at = TOKEN.lastIndex
    if (groups.space) continue
    if (groups.block) {
      at = blockCommentEnd(text, at)
    } else if (groups.dollar) {
      const end = text.indexOf(raw, at)
      yield { kind: 'string', value: text.slice(at, end < 0 ? text.length : end) }
      at = end < 0 ? text.length : end + raw.length
    } else if (groups.word) {
      yield { kind: 'word', value: raw.toLowerCase(), start, end: at }
    } else if (groups.quoted) {
      yield { kind: 'name', value: raw.slice(1, -1).replaceAll('""', '"'), start, end: at }
    } else if (groups.string || groups.escape) {
      yield { kind: 'string', value: raw.slice(raw.indexOf("'") + 1, -1).replaceAll("''", "'") }
    } else if (groups.end) {
      yield { kind: 'end', value: ';' }
    } else {
      yield { kind: 'other', value: raw }
    }
  }
}

/** The statements of a query text, each a list of tokens; empty ones are left out. */
export function statements(text, limit = 64) {
  const list = []
  let current = []
  for (const token of tokens(text)) {
    if (token.kind === 'end') {
      if (current.length) list.push(current)
      current = []
    } else if (current.length < limit) {
      current.push(token)
    }
  }
  if (current.length) list.push(current)
  return list
}

// Reading tokens costs more than running a short statement, so a cheap look decides first.
const INTERESTING = /\b(?:copy|listen|unlisten|discard|deallocate|set|reset|set_config|temp|temporary|hold|cron|prepare|execute)\b/i

const NOTHING = Object.freeze({
  copyFromStdin: false,
  channels: [],
  settings: [],
  touchesSettings: false,
  createsTemp: false,
  holdsCursor: false,
  touchesCron: false,
  count: 1,
})

const CACHED_BYTES = 4096
const CACHED_TEXTS = 500
const cache = new Map()

/** What a query text may do to the state that all clients of the one backend share. */
export function study(text) {
  if (!INTERESTING.test(text)) return NOTHING
  if (text.length > CACHED_BYTES) return studied(text.length > 1 << 18 ? text.slice(0, 4096) : text)
  let found = cache.get(text)
  if (!found) {
    if (cache.size >= CACHED_TEXTS) cache.delete(cache.keys().next().value)
    found = studied(text)
    cache.set(text, found)
  }
  return found
}

function studied(text) {
  const found = {
    copyFromStdin: false,
    channels: [],
    settings: [],
    touchesSettings: /\bset_config\b/i.test(text) || /^\s*do\b[\s\S]*\bset\b/i.test(text),
    createsTemp: /\btemp(?:orary)?\b/i.test(text),
    holdsCursor: /\bhold\b/i.test(text),
    touchesCron: /\bcron\b/i.test(text),
    count: 0,
  }
  for (const match of text.matchAll(/\bset_config\s*\(\s*'([^']+\.[^']+)'/gi)) {
    found.settings.push(match[1])
  }
  for (const statement of statements(text)) {
    found.count += 1
    studyStatement(statement, found)
  }
  return found
}

function studyStatement(statement, found) {
  const [first, second] = statement
  if (first.value === 'copy') {
    found.copyFromStdin ||= isCopyFromStdin(statement)
  } else if (first.value === 'listen' && second) {
    found.channels.push({ listen: true, channel: second.value })
  } else if (first.value === 'unlisten' && second) {
    found.channels.push({ listen: false, channel: second.value === '*' ? null : second.value })
  } else if (first.value === 'discard' && second?.value === 'all') {
    found.channels.push({ listen: false, channel: null })
  } else if (first.value === 'set') {
    const custom = customSetting(statement)
    if (custom) found.settings.push(custom)
  }
}

/** The text with the names in PREPARE, EXECUTE and DEALLOCATE replaced by `rename(name)`. */
export function renamePrepared(text, rename) {
  if (!/\b(?:prepare|execute|deallocate)\b/i.test(text)) return text
  let renamed = ''
  let done = 0
  for (const [first, ...rest] of statements(text, 3)) {
    if (!['prepare', 'execute', 'deallocate'].includes(first.value)) continue
    const name = rest[0]?.value === 'prepare' && rest[0].kind === 'word' ? rest[1] : rest[0]
    if (!name?.end || (name.kind === 'word' && ['all', 'transaction'].includes(name.value))) continue
    renamed += text.slice(done, name.start) + `"${rename(name.value).replaceAll('"', '""')}"`
    done = name.end
  }
  return renamed + text.slice(done)
}

function isCopyFromStdin(statement) {
  const words = statement.map((token) => (token.kind === 'word' ? token.value : token.kind))
  return words.some((word, i) => word === 'from' && words[i + 1] === 'stdin')
}

/** `set [session] app.user = …`: settings with a dot may be unknown to pg_settings. */
function customSetting(statement) {
  const dot = statement.findIndex((token) => token.value === '.' && token.kind === 'other')
  if (dot < 2 || dot > 3 || !statement[dot + 1]) return null
  return `${statement[dot - 1].value}.${statement[dot + 1].value}`
}
