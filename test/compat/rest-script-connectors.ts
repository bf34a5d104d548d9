import type { Scenario, Step } from './rest-script.ts'

/** Creating, changing, patching and deleting connectors; wrong bodies, odd values, odd names. */

const json = { 'content-type': 'application/json' }
const FILE_SOURCE = 'org.apache.kafka.connect.file.FileStreamSourceConnector'
const get = (path: string, name = `GET ${path}`): Step => ({ name, method: 'GET', path })
const send = (method: string, path: string, body: unknown, name = `${method} ${path}`): Step => ({
  name,
  method,
  path,
  headers: json,
  body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body)
})
const create = (body: unknown, name: string): Step => send('POST', '/connectors', body, name)
const remove = (name: string): Step => ({
  name: `delete ${name}`,
  method: 'DELETE',
  path: `/connectors/${encodeURIComponent(name)}`,
  silent: true
})
const file = (more: Record<string, unknown> = {}) => ({
  'connector.class': FILE_SOURCE,
  file: '${dir}/absent.txt',
  topic: 'rest-compat',
  ...more
})
const latin1 = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'))

/** Names in use: created paused, read, deleted. */
const oddNames = [
  'with blank',
  'a"b\'c<d>',
  '中文',
  'emoji-😀',
  'semi;colon',
  'plus+sign',
  'question?mark#hash',
  'colon:at@comma,',
  '-',
  '1',
  'a[b]|c^d`e',
  'a~!$&()*=_.b'
]

export const connectorScenarios: readonly Scenario[] = [
  {
    name: 'create-bad-bodies',
    steps: [
      create('', 'empty body'),
      create('   ', 'blank body'),
      create('null', 'null body'),
      create('[]', 'list body'),
      create('"text"', 'string body'),
      create('5', 'number body'),
      create('{', 'truncated'),
      create('{"name":"bad","config":{"a":"b"}', 'truncated late'),
      create('{"name":"bad","config":{}} trailing', 'trailing text'),
      create('{"name":"bad","config":{}}{}', 'two documents'),
      create("{'name':'bad'}", 'single quotes'),
      create('{"name":"bad","config":{},}', 'trailing comma'),
      create('{"name":"bad","config":{}/*comment*/}', 'comment'),
      create('{"name":"bad","config":{"a":NaN}}', 'NaN'),
      create('{}', 'empty object'),
      create('{"name":"bad"}', 'without config'),
      create('{"name":"bad","config":null}', 'null config'),
      create('{"name":"bad","config":[]}', 'config is a list'),
      create('{"name":"bad","config":"text"}', 'config is a string'),
      create('{"name":"bad","config":""}', 'config is an empty string'),
      create('{"name":"bad","config":{},"extra":1}', 'unknown field'),
      create('{"name":"bad","config":{},"initial_state":"bogus"}', 'unknown initial state'),
      create('{"name":"bad","config":{},"initial_state":""}', 'empty initial state'),
      create('{"name":"bad","config":{},"initial_state":5}', 'numeric initial state'),
      create('{"name":{},"config":{}}', 'name is an object'),
      create('{"name":["a"],"config":{}}', 'name is a list'),
      create('{"name":"bad","config":{"a":{}}}', 'object value'),
      create('{"name":"bad","config":{"a":[1]}}', 'list value'),
      create('\ufeff{"name":"bom","config":{}}', 'byte order mark'),
      create(latin1('{"name":"é","config":{}}'), 'ISO-8859-1 bytes'),
      create(Uint8Array.from([0x7b, 0xff, 0xfe]), 'bytes that are no text'),
      create(
        `{"name":"bad","config":{"a":${'['.repeat(600)}${']'.repeat(600)}}}`,
        'nested 600 deep'
      ),
      create('{"name":"bad","config":{"a":"\u0001"}}', 'raw control character'),
      create(
        `{"name":"bad","config":{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}}`,
        'nested 100 000 deep'
      )
    ]
  },
  {
    name: 'create-refused',
    steps: [
      create({ name: 'refused', config: {} }, 'no connector class'),
      create({ name: null, config: {} }, 'null name'),
      create({ config: {} }, 'no name'),
      create({ config: { name: 'refused' } }, 'name only in config'),
      create({ name: 5, config: {} }, 'numeric name'),
      create({ name: true, config: {} }, 'boolean name'),
      create({ name: '  padded ', config: {} }, 'padded name'),
      create({ name: 'refused', config: { name: 'other' } }, 'other name in config'),
      create({ name: 'refused', config: { 'connector.class': '' } }, 'empty class'),
      create({ name: 'refused', config: { 'connector.class': null } }, 'null class'),
      create({ name: 'refused', config: { 'connector.class': 'no.Such' } }, 'unknown class'),
      create(
        { name: 'refused', config: { 'connector.class': 'filestreamsource' } },
        'alias in lower case'
      ),
      create({ name: 'refused', config: { 'connector.class': '../../x' } }, 'class like a path'),
      create({ name: 'refused', config: { 'connector.class': 'node:fs' } }, 'class like a module'),
      create({ name: 'refused', config: { 'connector.class': FILE_SOURCE } }, 'missing topic'),
      create({ name: 'refused', config: file({ topic: '' }) }, 'empty topic'),
      create({ name: 'refused', config: file({ 'tasks.max': '0' }) }, 'tasks.max 0'),
      create({ name: 'refused', config: file({ 'tasks.max': '-1' }) }, 'tasks.max -1'),
      create({ name: 'refused', config: file({ 'tasks.max': '2.0' }) }, 'tasks.max 2.0'),
      create(
        { name: 'refused', config: file({ 'tasks.max': '9999999999' }) },
        'tasks.max beyond int'
      ),
      create({ name: 'refused', config: file({ 'tasks.max': '' }) }, 'tasks.max empty'),
      create(
        {
          name: 'refused',
          config: file({ 'errors.tolerance': 'some', 'errors.retry.delay.max.ms': 'x' })
        },
        'two errors'
      ),
      create(
        { name: 'refused', config: file({ 'key.converter': 'no.Converter' }) },
        'unknown converter'
      ),
      create({ name: 'refused', config: file({ transforms: 'a' }) }, 'transform without type'),
      create(
        { name: 'refused', config: file({ transforms: 'a', 'transforms.a.type': 'no.Smt' }) },
        'unknown transform'
      ),
      create({ name: '', config: file() }, 'empty name'),
      create({ name: 'a\u0000b', config: file() }, 'name with NUL'),
      create({ name: 'a\nb', config: file() }, 'name with newline'),
      get('/connectors', 'nothing was created')
    ]
  },
  {
    name: 'life-of-a-connector',
    steps: [
      create({ name: 'life', config: file() }, 'create'),
      {
        ...get('/connectors/life/status'),
        until: { contains: ['"id":0', '"RUNNING"'], without: ['UNASSIGNED'] }
      },
      create({ name: 'life', config: file() }, 'create again'),
      create(
        { name: 'life', config: { 'connector.class': 'no.Such' } },
        'create again with errors'
      ),
      get('/connectors'),
      get('/connectors?expand=info'),
      get('/connectors?expand=status'),
      get('/connectors?expand=info&expand=status'),
      get('/connectors?expand=status&expand=status'),
      get('/connectors?expand=bogus'),
      get('/connectors?expand=info&expand=bogus'),
      get('/connectors?expand='),
      get('/connectors?expand=info,status'),
      get('/connectors/life'),
      get('/connectors/life/config'),
      get('/connectors/life/tasks'),
      get('/connectors/life/tasks/0/status'),
      get('/connectors/life/tasks/1/status'),
      get('/connectors/life/topics'),
      get('/connectors/life/offsets'),
      send(
        'PUT',
        '/connectors/life/config',
        file({ topic: 'rest-compat-2', 'tasks.max': '1' }),
        'update'
      ),
      send(
        'PUT',
        '/connectors/life/config',
        file({ topic: 'rest-compat-2', 'tasks.max': '1' }),
        'update with the same'
      ),
      {
        ...get('/connectors/life/config', 'config after update'),
        until: { contains: ['rest-compat-2'] }
      },
      {
        ...get('/connectors/life/tasks', 'tasks after update'),
        until: { contains: ['rest-compat-2'] }
      },
      send(
        'PUT',
        '/connectors/life/config',
        { 'connector.class': FILE_SOURCE },
        'update with an error'
      ),
      send(
        'PUT',
        '/connectors/life/config',
        { ...file(), name: 'other' },
        'update with another name'
      ),
      send('PUT', '/connectors/life/config', {}, 'update with nothing'),
      get('/connectors/life/config', 'config after refused updates'),
      { name: 'delete', method: 'DELETE', path: '/connectors/life' },
      { ...get('/connectors/life', 'after delete'), until: { status: 404 } },
      { ...get('/connectors/life/status', 'status after delete'), until: { status: 404 } },
      { name: 'delete again', method: 'DELETE', path: '/connectors/life' },
      get('/connectors', 'list after delete')
    ]
  },
  {
    name: 'absent-connector',
    steps: [
      get('/connectors/absent'),
      get('/connectors/absent/config'),
      get('/connectors/absent/status'),
      get('/connectors/absent/tasks'),
      get('/connectors/absent/tasks/0/status'),
      get('/connectors/absent/topics'),
      get('/connectors/absent/offsets'),
      send('PUT', '/connectors/absent/pause', ''),
      send('PUT', '/connectors/absent/resume', ''),
      send('PUT', '/connectors/absent/stop', ''),
      send('PUT', '/connectors/absent/topics/reset', ''),
      send('POST', '/connectors/absent/restart', ''),
      send('POST', '/connectors/absent/restart?includeTasks=true', ''),
      send('POST', '/connectors/absent/restart?onlyFailed=TRUE', ''),
      send('POST', '/connectors/absent/restart?includeTasks=yes&onlyFailed=', ''),
      send('POST', '/connectors/absent/restart?includeTasks=%20true', ''),
      send('POST', '/connectors/absent/tasks/0/restart', ''),
      send('POST', '/connectors/absent/tasks/abc/restart', ''),
      send('PATCH', '/connectors/absent/config', { a: 'b' }),
      send('PATCH', '/connectors/absent/offsets', {
        offsets: [{ partition: { filename: 'a' }, offset: { position: 1 } }]
      }),
      { name: 'DELETE offsets', method: 'DELETE', path: '/connectors/absent/offsets' },
      { name: 'DELETE', method: 'DELETE', path: '/connectors/absent' },
      {
        name: 'DELETE with forward=false',
        method: 'DELETE',
        path: '/connectors/absent?forward=false'
      },
      {
        name: 'DELETE with forward=bogus',
        method: 'DELETE',
        path: '/connectors/absent?forward=bogus'
      }
    ]
  },
  {
    name: 'put-bodies',
    steps: [
      send('PUT', '/connectors/put/config', '', 'empty body'),
      send('PUT', '/connectors/put/config', 'null', 'null body'),
      send('PUT', '/connectors/put/config', '[]', 'list body'),
      send('PUT', '/connectors/put/config', '"text"', 'string body'),
      send('PUT', '/connectors/put/config', '{"a":{}}', 'object value'),
      send('PUT', '/connectors/put/config', '{bad', 'broken JSON'),
      send('PUT', '/connectors/put/config', { name: 'other' }, 'other name'),
      send('PUT', '/connectors/put/config', { 'connector.class': 'no.Such' }, 'unknown class'),
      send(
        'PUT',
        '/connectors/put/config',
        `{"connector.class":"FileStreamSource","connector.class":"${FILE_SOURCE}","file":"\${dir}/absent.txt","topic":"first","topic":"rest-compat","i":1,"t":true,"f":1.50,"e":1e3,"z":-0,"big":12345678901234567890,"__proto__":"p","constructor":"c","toString":"s","hasOwnProperty":"h","empty":"","unicode":"中文😀","blank":"  x  "}`,
        'create with odd values'
      ),
      { ...get('/connectors/put/config', 'odd values come back as text'), until: { status: 200 } },
      { ...get('/connectors/put'), until: { contains: ['"task":0'] } },
      remove('put'),
      { ...get('/connectors/put', 'gone'), until: { status: 404 }, silent: true }
    ]
  },
  {
    name: 'null-value',
    steps: [
      create({ name: 'null-value', config: file({ file: null }) }, 'create with a null value'),
      {
        ...get('/connectors/null-value/status', 'fails'),
        until: { contains: ['FAILED'] },
        waitMs: 5000
      },
      get('/connectors/null-value/config'),
      get('/connectors/null-value/tasks/0/status'),
      send('PUT', '/connectors/null-value/config', file({ extra: null }), 'put a null value'),
      { name: 'delete', method: 'DELETE', path: '/connectors/null-value' },
      { ...get('/connectors/null-value', 'gone'), until: { status: 404 }, silent: true }
    ]
  },
  {
    name: 'initial-states',
    steps: [
      ...['RUNNING', 'paused', 'Stopped'].flatMap((state): Step[] => [
        create(
          { name: `initial-${state}`, config: file(), initial_state: state },
          `create ${state}`
        ),
        {
          ...get(`/connectors/initial-${state}/status`),
          until: {
            contains: [`"${state.toUpperCase()}"`],
            without: ['UNASSIGNED', ...(state === 'RUNNING' ? ['"tasks":[]'] : [])]
          }
        },
        get(`/connectors/initial-${state}`),
        remove(`initial-${state}`)
      ]),
      create({ name: 'initial-null', config: {}, initial_state: null }, 'null initial state'),
      { ...get('/connectors', 'all gone'), until: { contains: ['[]'] } }
    ]
  },
  {
    name: 'odd-names',
    steps: [
      ...oddNames.flatMap((name): Step[] => {
        const path = `/connectors/${encodeURIComponent(name)}`
        return [
          create({ name, config: file(), initial_state: 'STOPPED' }, `create ${name}`),
          { ...get(path), until: { status: 200 } },
          { ...get(`${path}/status`), until: { contains: ['STOPPED'] } },
          {
            name: `put ${name}`,
            method: 'PUT',
            path: `${path}/config`,
            headers: json,
            body: JSON.stringify(file({ topic: 'rest-compat-3' }))
          },
          { name: `delete ${name}`, method: 'DELETE', path }
        ]
      }),
      ...['\u00a0', '\ufeffq\u2028'].flatMap((name): Step[] => [
        create(
          { name, config: file(), initial_state: 'STOPPED' },
          `blanks Java does not trim: ${JSON.stringify(name)}`
        ),
        { ...get(`/connectors/${encodeURIComponent(name)}`), until: { status: 200 } },
        remove(name)
      ]),
      create(
        { name: '\u0000q\u001f', config: file(), initial_state: 'STOPPED' },
        'control characters Java trims'
      ),
      { ...get('/connectors/q'), until: { status: 200 } },
      remove('q'),
      { ...get('/connectors', 'all gone'), until: { contains: ['[]'] } },
      create({ name: 'x'.repeat(1000), config: {} }, 'name of 1000 characters')
    ]
  },
  {
    name: 'patch-config',
    steps: [
      create(
        { name: 'patched', config: file({ extra: 'old' }), initial_state: 'STOPPED' },
        'create'
      ),
      { ...get('/connectors/patched'), until: { status: 200 } },
      send('PATCH', '/connectors/patched/config', { extra: 'new', added: 1 }, 'change and add'),
      send('PATCH', '/connectors/patched/config', { extra: null }, 'remove a key'),
      send('PATCH', '/connectors/patched/config', { never: null }, 'remove an absent key'),
      send('PATCH', '/connectors/patched/config', {}, 'change nothing'),
      send('PATCH', '/connectors/patched/config', { topic: null }, 'remove a required key'),
      send('PATCH', '/connectors/patched/config', { 'connector.class': null }, 'remove the class'),
      send(
        'PATCH',
        '/connectors/patched/config',
        { 'connector.class': 'no.Such' },
        'unknown class'
      ),
      send('PATCH', '/connectors/patched/config', 'null', 'null body'),
      send('PATCH', '/connectors/patched/config', '', 'empty body'),
      send('PATCH', '/connectors/patched/config', '[]', 'list body'),
      send('PATCH', '/connectors/patched/config', '{"a":{"b":1}}', 'object value'),
      get('/connectors/patched/config'),
      remove('patched'),
      { ...get('/connectors/patched', 'gone'), until: { status: 404 }, silent: true }
    ]
  }
]
