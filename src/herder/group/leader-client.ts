/** Sends a request to another worker's REST interface; rejects with a ConnectError when no answer comes. */
export type LeaderClient = (
  url: string,
  body: Uint8Array,
  headers: Record<string, string>,
  signal: AbortSignal,
  /** Default: POST. */
  method?: 'POST' | 'PUT'
) => Promise<{ status: number; body: string }>
