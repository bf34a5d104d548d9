import type { Scenario, Step } from './rest-script.ts'

/**
 * What HTTP itself brings: paths, methods, content types, OPTIONS, HEAD, and everything that is no connector.
 */

const FILE_SOURCE = 'org.apache.kafka.connect.file.FileStreamSourceConnector'
const json = { 'content-type': 'application/json' }
const get = (path: string, name = `GET ${path}`): Step => ({ name, method: 'GET', path })
const send = (method: string, path: string, body?: string, name = `${method} ${path}`): Step => ({
  name,
  method,
  path,
  ...(body === undefined ? {} : { headers: json, body })
})

/** Every resource of the API, with names that do not exist. */
const resources = [
  '/',
  '/health',
  '/connectors',
  '/connectors/absent',
  '/connectors/absent/config',
  '/connectors/absent/status',
  '/connectors/absent/tasks',
  '/connectors/absent/tasks/0/status',
  '/connectors/absent/tasks/0/restart',
  '/connectors/absent/topics',
  '/connectors/absent/topics/reset',
  '/connectors/absent/offsets',
  '/connectors/absent/pause',
  '/connectors/absent/resume',
  '/connectors/absent/stop',
  '/connectors/absent/restart',
  '/connectors/absent/fence',
  '/connector-plugins',
  '/connector-plugins/absent/config',
  '/connector-plugins/absent/config/validate',
  '/admin/loggers',
  '/admin/loggers/absent'
] as const

const accepting = (accept: string, path = '/connectors', method = 'GET'): Step => ({
  name: `${method} ${path} accepting ${accept}`,
  method,
  path,
  headers: { accept }
})
const typed = (method: string, path: string, type: string, body: string): Step => ({
  name: `${method} ${path} of type ${type}`,
  method,
  path,
  headers: { 'content-type': type },
  body
})

export const protocolScenarios: readonly Scenario[] = [
  {
    name: 'root-and-health',
    steps: [
      get('/'),
      get('/?a=b'),
      { name: 'HEAD /', method: 'HEAD', path: '/' },
      get('/health'),
      get('/health/'),
      { name: 'HEAD /health', method: 'HEAD', path: '/health' },
      { name: 'HEAD /connectors', method: 'HEAD', path: '/connectors' },
      { name: 'HEAD of an unknown connector', method: 'HEAD', path: '/connectors/absent' },
      { name: 'HEAD of a PUT resource', method: 'HEAD', path: '/connectors/absent/pause' }
    ]
  },
  {
    name: 'options',
    steps: [
      ...resources.map((path): Step => ({ name: `OPTIONS ${path}`, method: 'OPTIONS', path })),
      { name: 'OPTIONS of an unknown path', method: 'OPTIONS', path: '/nope' },
      { name: 'OPTIONS *', method: 'OPTIONS', path: '*' },
      {
        name: 'OPTIONS accepting JSON',
        method: 'OPTIONS',
        path: '/connectors',
        headers: { accept: 'application/json' }
      }
    ]
  },
  {
    name: 'wrong-methods',
    steps: [
      ...resources.map((path) => send('PATCH', path === '/' ? '/' : `${path}/`)),
      ...resources
        .map((path) => send('DELETE', path))
        .filter((step) => !/absent$|offsets$/.test(step.path)),
      send('PUT', '/connectors'),
      send('TRACE', '/connectors'),
      send('POST', '/connectors/absent/pause'),
      get('/connectors/absent/pause'),
      get('/connectors/absent/restart'),
      get('/connectors/absent/fence'),
      send('POST', '/connectors/absent/config', '{}')
    ]
  },
  {
    name: 'paths',
    steps: [
      '/nope',
      '/connectors/',
      '//connectors',
      '/connectors//',
      '/connectors//config',
      '/connectors/%2F',
      '/connectors/%25',
      '/connectors/%5C',
      '/connectors/%2e%2e',
      '/connectors/%2e',
      '/connectors/../connectors',
      '/connectors/./absent',
      '/connectors;a=b',
      '/connectors/absent;a=b/status',
      '/connectors/%',
      '/connectors/%zz',
      '/connectors/%00',
      '/connectors/%FF',
      '/connectors/a%3Bb',
      '/connectors/a%3Fb',
      '/connectors/a%23b',
      '/connectors/a+b',
      '/connectors/a%20b',
      '/connectors/%0A',
      '/connectors/%22%27%3C%3E',
      '/connectors/%E4%B8%AD%E6%96%87',
      '/connectors/%F0%9F%98%80/status',
      '/CONNECTORS',
      '/Connectors/absent',
      '/connectors/absent/unknown',
      '/connectors/absent/tasks-config',
      '/connectors/absent/tasks/0',
      '/connectors/absent/tasks/0/status/more',
      '/connectors/absent/tasks/abc/status',
      '/connectors/absent/tasks/-1/status',
      '/connectors/absent/tasks/+1/status',
      '/connectors/absent/tasks/00/status',
      '/connectors/absent/tasks/0x0/status',
      '/connectors/absent/tasks/1e2/status',
      '/connectors/absent/tasks/99999999999/status',
      '/connectors/absent/tasks/2147483648/status',
      '/connectors/absent/tasks/%201/status',
      '/connector-plugins/absent',
      '/admin',
      '/admin/',
      '/admin/loggers/',
      '/metrics',
      '/favicon.ico'
    ].map((path) => get(path))
  },
  {
    name: 'accept',
    steps: [
      accepting('*/*'),
      accepting('application/*'),
      accepting('text/html'),
      accepting('text/html, */*;q=0.1'),
      accepting('text/html,application/json;q=0.9'),
      accepting('application/json;q=0'),
      accepting('application/json; charset=utf-8'),
      accepting('application/vnd.kafka+json'),
      accepting('garbage'),
      accepting('APPLICATION/JSON'),
      accepting('text/html', '/nope'),
      accepting('text/html', '/connectors/absent'),
      accepting('text/html', '/connectors/absent/pause', 'PUT'),
      accepting('text/html', '/connectors/absent', 'DELETE'),
      accepting('text/html', '/connectors', 'DELETE'),
      {
        name: 'neither type fits',
        method: 'PUT',
        path: '/connectors/absent/config',
        headers: { accept: 'text/html', 'content-type': 'text/plain' },
        body: 'a'
      }
    ]
  },
  {
    name: 'content-types',
    steps: [
      typed('POST', '/connectors', 'application/json; charset=utf-8', '{"name":"t","config":{}}'),
      typed('POST', '/connectors', 'APPLICATION/JSON', '{"name":"t","config":{}}'),
      typed(
        'POST',
        '/connectors',
        'application/json; charset=ISO-8859-1',
        '{"name":"é","config":{}}'
      ),
      typed('POST', '/connectors', 'text/plain', '{"name":"t","config":{}}'),
      typed('POST', '/connectors', 'application/x-www-form-urlencoded', '{"name":"t","config":{}}'),
      typed('POST', '/connectors', 'multipart/form-data; boundary=x', '{"name":"t","config":{}}'),
      typed('POST', '/connectors', 'application/vnd.kafka+json', '{"name":"t","config":{}}'),
      typed('POST', '/connectors', 'json', '{"name":"t","config":{}}'),
      {
        name: 'POST /connectors without a type',
        method: 'POST',
        path: '/connectors',
        body: '{"name":"t","config":{}}'
      },
      typed('PATCH', '/connectors/absent/config', 'application/merge-patch+json', '{}'),
      typed('PUT', '/connectors/absent/pause', 'text/plain', 'abc'),
      typed('PUT', '/connectors/absent/pause', 'text/plain', ''),
      typed('POST', '/connectors/absent/restart', 'text/plain', ''),
      typed('DELETE', '/connectors/absent', 'text/plain', 'abc'),
      typed('GET', '/connectors', 'text/plain', ''),
      typed('GET', '/', 'text/plain', ''),
      typed('GET', '/nope', 'text/plain', '')
    ]
  },
  {
    name: 'plugins',
    steps: [
      get('/connector-plugins'),
      get('/connector-plugins/'),
      get('/connector-plugins?connectorsOnly=true'),
      get('/connector-plugins?connectorsOnly=false'),
      get('/connector-plugins?%20connectorsOnly=false'),
      get('/connector-plugins?connectorsOnly=FALSE'),
      get('/connector-plugins?connectorsOnly=no'),
      get('/connector-plugins?connectorsOnly='),
      get('/connector-plugins/absent/config'),
      get('/connector-plugins/java.lang.String/config'),
      get('/connector-plugins/org.apache.kafka.connect.file.FileStreamSourceConnector/config'),
      get('/connector-plugins/FileStreamSource/config'),
      get('/connector-plugins/FileStreamSinkConnector/config'),
      get('/connector-plugins/org.apache.kafka.connect.storage.StringConverter/config'),
      get('/connector-plugins/org.apache.kafka.connect.json.JsonConverter/config'),
      get('/connector-plugins/org.apache.kafka.connect.transforms.InsertField$Value/config'),
      get(
        '/connector-plugins/org.apache.kafka.connect.transforms.predicates.TopicNameMatches/config'
      ),
      get('/connector-plugins/org.apache.kafka.connect.storage.SimpleHeaderConverter/config'),
      get('/connector-plugins/FileStreamSource/config?version=4.3.1'),
      ...['1.0', 'latest', '', ' ', '[4.0,5.0)', '(4.3.1,)', '[4.3.1-SNAPSHOT,4.3.1)'].map(
        (version) =>
          get(`/connector-plugins/FileStreamSource/config?version=${encodeURIComponent(version)}`)
      )
    ]
  },
  {
    name: 'validate-refusals',
    steps: [
      ['absent', '{"connector.class":"absent"}'],
      ['FileStreamSource', '{}'],
      ['FileStreamSource', '{"name":"a"}'],
      ['FileStreamSource', '{"connector.class":"FileStreamSink"}'],
      ['FileStreamSink', `{"connector.class":"${FILE_SOURCE}"}`],
      ['org.apache.kafka.connect.file.FileStreamSource', '{"connector.class":"FileStreamSource"}'],
      ['other.FileStreamSource', `{"connector.class":"${FILE_SOURCE}"}`],
      ['FileStreamSource', '{"connector.class":""}'],
      ['FileStreamSource', '{"connector.class":null}'],
      ['absent', '{"connector.class":"FileStreamSource"}'],
      ['FileStreamSource', ''],
      ['FileStreamSource', 'null'],
      ['FileStreamSource', '[]'],
      ['FileStreamSource', '{"connector.class":{}}']
    ].map(([plugin, body]) =>
      send('PUT', `/connector-plugins/${plugin}/config/validate`, body, `${plugin} with ${body}`)
    )
  },
  {
    name: 'loggers',
    steps: [
      get('/admin/loggers/root'),
      get('/admin/loggers/ROOT'),
      get('/admin/loggers/absent'),
      get('/admin/loggers/a%0Ab'),
      send('PUT', '/admin/loggers/absent', ''),
      send('PUT', '/admin/loggers/absent', 'null', 'level body null'),
      send('PUT', '/admin/loggers/absent', '{}', 'no level'),
      send('PUT', '/admin/loggers/absent', '{"level":null}', 'null level'),
      send('PUT', '/admin/loggers/absent', '{"level":"loud"}', 'unknown level'),
      send('PUT', '/admin/loggers/absent', '{"level":""}', 'empty level'),
      send('PUT', '/admin/loggers/absent', '{"level":5}', 'numeric level'),
      send('PUT', '/admin/loggers/absent', '[]', 'level body is a list'),
      send(
        'PUT',
        '/admin/loggers/absent?scope=cluster',
        '{"level":"loud"}',
        'unknown level for the cluster'
      ),
      send('PUT', '/admin/loggers/compat.first', '{"level":"debug"}', 'set a level'),
      get('/admin/loggers/compat.first'),
      send('PUT', '/admin/loggers/compat.first', '{"level":" Debug\\n"}', 'a level with blanks'),
      send(
        'PUT',
        '/admin/loggers/compat.first',
        '{"level":"DEBUG","other":"x"}',
        'the same level again'
      ),
      send(
        'PUT',
        '/admin/loggers/compat.first.inner?scope=worker',
        '{"level":"TRACE"}',
        'an inner logger'
      ),
      send('PUT', '/admin/loggers/compat?scope=bogus', '{"level":"WARN"}', 'by prefix'),
      get('/admin/loggers/compat.first.inner'),
      send(
        'PUT',
        '/admin/loggers/compat.second?scope=cluster',
        '{"level":"ERROR"}',
        'for the cluster'
      ),
      { ...get('/admin/loggers/compat.second'), until: { status: 200 } },
      send(
        'PUT',
        '/admin/loggers/compat.third?scope=CLUSTER',
        '{"level":"ERROR"}',
        'scope in capitals'
      )
    ]
  }
]
