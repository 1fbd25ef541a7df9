// PostgreSQL's wire protocol, version 3: cutting a byte stream into messages, and building messages.
// https://www.postgresql.org/docs/17/protocol-message-formats.html

const MAX_MESSAGE_BYTES = 1 << 30
const FRONTEND_TYPES = new Set([...'QPBDECSHXFdcfp'].map((c) => c.charCodeAt(0)))

export class ProtocolViolation extends Error {}

/** Collects bytes, however they are fragmented, and gives out whole messages. */
export class Framer {
  #chunks = []
  #bytes = 0
  #started = false

  /** Bytes that wait for the rest of their message. */
  get pending() {
    return this.#bytes
  }

  push(chunk) {
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
  }

  /** After the startup message every message has a type byte. */
  startupDone() {
    this.#started = true
  }

  #head(length) {
    if (this.#chunks[0].length < length) this.#chunks = [Buffer.concat(this.#chunks)]
    return this.#chunks[0]
  }

  /** The next whole message, header included, or null. */
  next() {
    const typeBytes = this.#started ? 1 : 0
    const headerBytes = typeBytes + 4
    if (this.#bytes < headerBytes) return null
    let head = this.#head(headerBytes)
    if (typeBytes && !FRONTEND_TYPES.has(head[0])) {
      throw new ProtocolViolation(`invalid frontend message type ${head[0]}`)
    }
    const length = head.readInt32BE(typeBytes)
    const limit = this.#started ? MAX_MESSAGE_BYTES : 10_000
    if (length < 4 || length > limit) throw new ProtocolViolation(`invalid message length ${length}`)
    const total = typeBytes + length
    if (this.#bytes < total) return null
    head = this.#head(total)
    this.#bytes -= total
    if (head.length === total) this.#chunks.shift()
    else this.#chunks[0] = head.subarray(total)
    return head.subarray(0, total)
  }
}

export function message(type, ...parts) {
  const buffers = parts.map((part) => (typeof part === 'string' ? cString(part) : part))
  const length = buffers.reduce((sum, buffer) => sum + buffer.length, 4)
  const header = Buffer.allocUnsafe(5)
  header[0] = type.charCodeAt(0)
  header.writeInt32BE(length, 1)
  return Buffer.concat([header, ...buffers], length + 1)
}

export function cString(text) {
  return Buffer.from(text + '\0', 'utf8')
}

export function int32(value) {
  const buffer = Buffer.allocUnsafe(4)
  buffer.writeInt32BE(value)
  return buffer
}

/** The zero-terminated string at `offset`, and the offset after it. */
export function readCString(buffer, offset) {
  const end = buffer.indexOf(0, offset)
  if (end < 0) throw new ProtocolViolation('unterminated string in message')
  return [buffer.toString('utf8', offset, end), end + 1]
}

export function readyForQuery(status) {
  return message('Z', Buffer.from(status))
}

export function parameterStatus(name, value) {
  return message('S', name, value)
}

export function errorResponse({ severity = 'ERROR', code, message: text, detail, hint }) {
  const fields = [
    ['S', severity],
    ['V', severity],
    ['C', code],
    ['M', text],
    ['D', detail],
    ['H', hint],
  ].filter(([, value]) => value)
  const body = fields.map(([key, value]) => cString(key + value))
  return message('E', ...body, Buffer.from([0]))
}

/** The fields of an ErrorResponse or NoticeResponse, by their one-letter keys. */
export function errorFields(buffer) {
  const fields = {}
  let offset = 5
  while (offset < buffer.length && buffer[offset] !== 0) {
    const key = String.fromCharCode(buffer[offset])
    let value
    ;[value, offset] = readCString(buffer, offset + 1)
    fields[key] = value
  }
  return fields
}

/**
 * Cuts backend output into `{type, bytes}`. Neighbouring rows (D) and copied data (d) stay in one
 * piece: nobody looks into them, and a big result has very many.
 */
export function segments(output) {
  const list = []
  let offset = 0
  while (offset < output.length) {
    const type = output[offset]
    let end = offset + 1 + output.readInt32BE(offset + 1)
    if (type === 0x44 || type === 0x64) {
      while (end < output.length && output[end] === type) end += 1 + output.readInt32BE(end + 1)
    }
    list.push({ type: String.fromCharCode(type), bytes: output.subarray(offset, end) })
    offset = end
  }
  return list
}

/** The values of the rows in a run of DataRow messages, as text or null. */
export function dataRows(bytes) {
  const rows = []
  let offset = 0
  while (offset < bytes.length) {
    const count = bytes.readInt16BE(offset + 5)
    let at = offset + 7
    const row = []
    for (let i = 0; i < count; i++) {
      const length = bytes.readInt32BE(at)
      at += 4
      row.push(length < 0 ? null : bytes.toString('utf8', at, at + length))
      if (length > 0) at += length
    }
    rows.push(row)
    offset += 1 + bytes.readInt32BE(offset + 1)
  }
  return rows
}
