// One event, one line on stderr: the Python supervisor passes the lines on as they are.
export function log(event, fields = {}) {
  const rest = Object.entries(fields)
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join(' ')
  process.stderr.write(`gateway: ${event}${rest ? ' ' + rest : ''}\n`)
}
