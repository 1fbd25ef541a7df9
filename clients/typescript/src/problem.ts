// What the service says when it refuses: problem+json (RFC 9457).

/** Whether the same request may go better later. */
export function mayPass(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || status >= 500
}

/** A refusal, with the problem's fields. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly status: number
  /** Such as `/problems/unknown-item`; never changes. */
  readonly type: string
  readonly detail: string
  readonly body: Record<string, unknown>
  /** Seconds after which to try again; null where trying again will not help. */
  readonly retryAfter: number | null

  constructor(answer: Response, body: Record<string, unknown>) {
    const title = String(body['title'] ?? answer.statusText)
    super(`${answer.status} ${title}: ${String(body['detail'] ?? '')}`)
    this.status = answer.status
    this.type = String(body['type'] ?? 'about:blank')
    this.detail = String(body['detail'] ?? '')
    this.body = body
    this.retryAfter = mayPass(answer.status) ? secondsAsked(answer) : null
  }
}

/** For how many seconds the service asks to be left alone. */
export function secondsAsked(answer: Response): number {
  const seconds = Number(answer.headers.get('retry-after') ?? 0)
  return seconds >= 0 ? seconds : 0
}

/** Return the object that an answer holds; empty where it holds none. */
export async function bodyOf(answer: Response): Promise<Record<string, unknown>> {
  const found: unknown = await answer.json().catch(() => null)
  return typeof found === 'object' && found !== null ? (found as Record<string, unknown>) : {}
}
