interface Status {
  connector: { state: string }
  tasks: { state: string; trace?: string }[]
}

/**
 * A small client of Connect's REST interface. Paths may hold blanks and commas; every call throws on 4xx and
 * 5xx.
 */
export function connectRest(url: string) {
  const send = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(`${url}${encodeURI(path)}`, {
      method,
      headers: { 'Content-Type': 'application/json' },
      signal: AbortSignal.timeout(30_000),
      ...(body === undefined ? {} : { body: JSON.stringify(body) })
    })
    const text = await response.text()
    if (response.status >= 400) throw new Error(`${method} ${path}: ${response.status} ${text}`)
    return text === '' ? null : (JSON.parse(text) as unknown)
  }
  const status = async (name: string): Promise<Status> =>
    (await send('GET', `/connectors/${name}/status`)) as Status
  return {
    get: (path: string) => send('GET', path),
    put: (path: string, body?: unknown) => send('PUT', path, body),
    post: (path: string, body?: unknown) => send('POST', path, body),
    patch: (path: string, body?: unknown) => send('PATCH', path, body),
    delete: (path: string) => send('DELETE', path),
    names: async () => (await send('GET', '/connectors')) as string[],
    status,
    /** States of the connector and its tasks, `RUNNING RUNNING`; empty while there is no status. */
    async state(name: string): Promise<string> {
      try {
        const { connector, tasks } = await status(name)
        return [connector, ...tasks].map(({ state }) => state).join(' ')
      } catch (error) {
        if (String(error).includes(': 404 ')) return ''
        throw error
      }
    },
    /** The topics a connector has written to. */
    async topics(name: string): Promise<readonly string[]> {
      const answer = (await send('GET', `/connectors/${name}/topics`)) as Record<
        string,
        { topics: string[] }
      >
      return answer[name]?.topics ?? []
    },
    /** The first stored offset of a connector. */
    async offset(name: string): Promise<Record<string, unknown> | undefined> {
      const answer = (await send('GET', `/connectors/${name}/offsets`)) as {
        offsets: { offset: Record<string, unknown> }[]
      }
      return answer.offsets[0]?.offset
    }
  }
}
