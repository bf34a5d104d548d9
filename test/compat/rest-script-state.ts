import type { Scenario, Step } from './rest-script.ts'

/**
 * Pause, resume, stop, restart, offsets and topics of a running connector; clients with habits; internal
 * requests.
 */

const json = { 'content-type': 'application/json' }
const get = (path: string, name = `GET ${path}`): Step => ({ name, method: 'GET', path })
const bare = (method: string, path: string, name = `${method} ${path}`): Step => ({
  name,
  method,
  path
})
const send = (method: string, path: string, body: unknown, name = `${method} ${path}`): Step => ({
  name,
  method,
  path,
  headers: json,
  body: typeof body === 'string' ? body : JSON.stringify(body)
})
const file = (more: Record<string, unknown> = {}) => ({
  'connector.class': 'FileStreamSource',
  file: '${dir}/lines.txt',
  topic: 'rest-compat-lines',
  ...more
})
const running = (name: string, label: string): Step => ({
  holds: 5,
  ...get(`/connectors/${name}/status`, label),
  until: {
    contains: ['"RUNNING"', '"id":0'],
    without: ['UNASSIGNED', 'PAUSED', 'STOPPED', 'RESTARTING']
  }
})
const gone = (name: string): Step[] => [
  { ...bare('DELETE', `/connectors/${name}`, `tidy up ${name}`), silent: true },
  { ...get(`/connectors/${name}/status`, `${name} gone`), until: { status: 404 }, silent: true }
]
const line = { partition: { filename: '${dir}/lines.txt' }, offset: { position: 2 } }
const offsetsOf = (...offsets: unknown[]) => ({ offsets })
const alter = (name: string, body: unknown, label: string): Step =>
  send('PATCH', `/connectors/${name}/offsets`, body, label)

export const stateScenarios: readonly Scenario[] = [
  {
    name: 'pause-resume-stop-restart',
    files: { 'lines.txt': 'a\nb\n' },
    steps: [
      { ...send('POST', '/connectors', { name: 'state', config: file() }, 'create'), silent: true },
      running('state', 'running'),
      send('PUT', '/connectors/state/pause', 'null', 'pause'),
      {
        ...get('/connectors/state/status', 'paused'),
        until: { contains: ['PAUSED'], without: ['RUNNING'] }
      },
      bare('PUT', '/connectors/state/pause', 'pause again'),
      bare('PUT', '/connectors/state/resume', 'resume'),
      running('state', 'resumed'),
      bare('POST', '/connectors/state/restart', 'restart'),
      running('state', 'restarted'),
      bare(
        'POST',
        '/connectors/state/restart?includeTasks=True&onlyFailed=False',
        'restart with tasks'
      ),
      running('state', 'restarted with tasks'),
      bare(
        'POST',
        '/connectors/state/restart?includeTasks=true&onlyFailed=true',
        'restart what failed'
      ),
      running('state', 'nothing had failed'),
      bare('POST', '/connectors/state/restart?onlyFailed=true', 'restart the connector if failed'),
      bare('POST', '/connectors/state/tasks/0/restart', 'restart the task'),
      running('state', 'task restarted'),
      bare('POST', '/connectors/state/tasks/7/restart', 'restart an unknown task'),
      bare('PUT', '/connectors/state/stop', 'stop'),
      {
        ...get('/connectors/state/status', 'stopped'),
        until: { contains: ['STOPPED', '"tasks":[]'] }
      },
      bare('PUT', '/connectors/state/stop', 'stop again'),
      get('/connectors/state/tasks', 'tasks of a stopped connector'),
      get('/connectors/state', 'a stopped connector'),
      bare('PUT', '/connectors/state/pause', 'pause a stopped connector'),
      { ...get('/connectors/state/status', 'paused after stop'), until: { contains: ['PAUSED'] } },
      bare('PUT', '/connectors/state/resume', 'resume a paused connector'),
      running('state', 'running again'),
      ...gone('state')
    ]
  },
  {
    name: 'offsets',
    files: { 'lines.txt': 'a\nb\nc\n' },
    steps: [
      {
        ...send('POST', '/connectors', { name: 'offset', config: file() }, 'create'),
        silent: true
      },
      { ...running('offset', 'running'), silent: true },
      { ...get('/connectors/offset/offsets', 'stored'), until: { contains: ['"position":6'] } },
      alter('offset', offsetsOf(line), 'alter while running'),
      bare('DELETE', '/connectors/offset/offsets', 'reset while running'),
      bare('PUT', '/connectors/offset/stop', 'stop'),
      {
        ...get('/connectors/offset/status', 'stopped'),
        until: { contains: ['STOPPED', '"tasks":[]'] }
      },
      alter('offset', offsetsOf(line), 'alter'),
      get('/connectors/offset/offsets', 'altered'),
      alter('offset', {}, 'no offsets'),
      alter('offset', { offsets: null }, 'null offsets'),
      alter('offset', { offsets: [] }, 'empty list'),
      alter('offset', '', 'empty body'),
      alter('offset', 'null', 'null body'),
      alter('offset', '[]', 'list body'),
      alter('offset', '{"offsets":{}}', 'offsets is an object'),
      alter('offset', '{"offsets":"x"}', 'offsets is a string'),
      alter('offset', '{"offsets":[5]}', 'offset entry is a number'),
      alter('offset', '{"offsets":[null]}', 'offset entry is null'),
      alter('offset', '{"offsets":[{"partition":[],"offset":{}}]}', 'partition is a list'),
      alter(
        'offset',
        '{"offsets":[{"partition":{"filename":"a"},"offset":5}]}',
        'offset is a number'
      ),
      alter(
        'offset',
        '{"offsets":[{"partition":{"filename":"a"},"offset":{"position":1},"more":1}]}',
        'unknown field'
      ),
      alter('offset', '{"offsets":[{}]}', 'empty entry'),
      alter('offset', '{"offsets":[{"partition":null,"offset":null}]}', 'both null'),
      alter('offset', '{"offsets":[{"partition":null,"offset":{"position":1}}]}', 'null partition'),
      alter('offset', '{"offsets":[{"partition":{},"offset":{"position":1}}]}', 'empty partition'),
      alter(
        'offset',
        '{"offsets":[{"partition":{"other":"a"},"offset":{"position":1}}]}',
        'unknown partition key'
      ),
      alter(
        'offset',
        '{"offsets":[{"partition":{"filename":5},"offset":{"position":1}}]}',
        'numeric file name'
      ),
      alter('offset', offsetsOf({ ...line, offset: {} }), 'empty offset'),
      alter('offset', offsetsOf({ ...line, offset: { position: 'x' } }), 'text position'),
      alter('offset', offsetsOf({ ...line, offset: { position: '3' } }), 'numeric text position'),
      alter('offset', offsetsOf({ ...line, offset: { position: [1] } }), 'list as position'),
      alter('offset', offsetsOf({ ...line, offset: { position: { a: 1 } } }), 'object as position'),
      alter('offset', offsetsOf({ ...line, offset: { position: -1 } }), 'negative position'),
      alter('offset', offsetsOf({ ...line, offset: { position: 1.5 } }), 'fractional position'),
      alter(
        'offset',
        `{"offsets":[{"partition":{"filename":"\${dir}/lines.txt"},"offset":{"position":1e30}}]}`,
        'huge position'
      ),
      alter(
        'offset',
        `{"offsets":[{"partition":{"filename":"\${dir}/lines.txt"},"offset":{"position":9007199254740993}}]}`,
        'position beyond 2^53'
      ),
      get('/connectors/offset/offsets', 'position beyond 2^53 is exact'),
      ...['9223372036854775807', '9223372036854775808', '-9223372036854775809'].map((position) =>
        alter(
          'offset',
          `{"offsets":[{"partition":{"filename":"\${dir}/lines.txt"},"offset":{"position":${position}}}]}`,
          `position ${position}`
        )
      ),
      get('/connectors/offset/offsets', 'the largest position'),
      alter(
        'offset',
        offsetsOf(line, { ...line, offset: { position: 4 } }),
        'the same partition twice'
      ),
      get('/connectors/offset/offsets', 'after the same partition twice'),
      alter('offset', offsetsOf({ ...line, offset: null }), 'tombstone'),
      get('/connectors/offset/offsets', 'after the tombstone'),
      bare('DELETE', '/connectors/offset/offsets', 'reset'),
      get('/connectors/offset/offsets', 'after reset'),
      bare('DELETE', '/connectors/offset/offsets', 'reset again'),
      bare('DELETE', '/connectors/offset', 'delete'),
      {
        ...get('/connectors/offset/offsets', 'offsets of a deleted connector'),
        until: { status: 404 }
      }
    ]
  },
  {
    name: 'topics',
    files: { 'lines.txt': 'a\nb\n' },
    steps: [
      {
        ...send('POST', '/connectors', { name: 'topics', config: file() }, 'create'),
        silent: true
      },
      {
        ...get('/connectors/topics/topics', 'active topics'),
        until: { contains: ['rest-compat-lines'] }
      },
      bare('PUT', '/connectors/topics/topics/reset', 'reset'),
      { ...get('/connectors/topics/topics', 'after reset'), until: { contains: ['"topics":[]'] } },
      get('/connectors/topics/topics/', 'trailing slash'),
      bare('PUT', '/connectors/topics/stop', 'stop'),
      {
        ...bare('DELETE', '/connectors/topics/offsets', 'forget offsets'),
        until: { status: 200 },
        silent: true
      },
      ...gone('topics'),
      get('/connectors/topics/topics', 'topics of a deleted connector')
    ]
  },
  {
    name: 'failed-connector',
    steps: [
      send(
        'POST',
        '/connectors',
        {
          name: 'failed',
          config: {
            'connector.class': 'FileStreamSource',
            topic: 'rest-compat',
            file: '${dir}/absent.txt',
            transforms: 'x',
            'transforms.x.type': 'org.apache.kafka.connect.transforms.RegexRouter',
            'transforms.x.regex': '(',
            'transforms.x.replacement': 'y'
          }
        },
        'wrong regular expression'
      ),
      send(
        'POST',
        '/connectors',
        {
          name: 'failed',
          config: file({
            'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
            'value.converter.schemas.enable': 'maybe'
          })
        },
        'wrong converter setting'
      )
    ]
  },
  {
    name: 'clients-with-habits',
    steps: [
      {
        ...bare('POST', '/connectors/', 'kcctl creates with a trailing slash'),
        headers: json,
        body: JSON.stringify({ name: 'habit', config: file({ file: '${dir}/absent.txt' }) })
      },
      { ...running('habit', 'running'), silent: true },
      get('/connectors/', 'kcctl lists with a trailing slash'),
      get('/connectors/habit/', 'trailing slash on a connector'),
      get('/connectors/habit/status/', 'trailing slash on a status'),
      bare(
        'POST',
        '/connectors/habit/restart?includeTasks=True&onlyFailed=True',
        'kc restarts with capitals'
      ),
      {
        name: 'SourceLab sends a type with GET',
        method: 'GET',
        path: '/connectors/habit/config',
        headers: json
      },
      {
        name: 'SourceLab sends a type with GET and a charset',
        method: 'GET',
        path: '/connectors/habit/config',
        headers: { 'content-type': 'application/json; charset=utf-8' }
      },
      send('PUT', '/connectors/habit/pause', 'null', 'SourceLab pauses with null'),
      send('PUT', '/connectors/habit/resume', 'null', 'SourceLab resumes with null'),
      send('PUT', '/connectors/habit/topics/reset', 'null', 'SourceLab resets with null'),
      { ...running('habit', 'running again'), silent: true },
      send('POST', '/connectors/habit/restart', '""', 'SourceLab restarts with an empty string'),
      { ...running('habit', 'running after restart'), silent: true },
      send(
        'POST',
        '/connectors/habit/tasks/0/restart',
        '""',
        'SourceLab restarts a task with an empty string'
      ),
      send('PUT', '/connectors/habit/pause', '{bad', 'a body nobody reads'),
      send('PUT', '/connectors/habit/resume', '', 'the harness resumes with a type and no body'),
      {
        name: 'Terraform updates',
        method: 'PUT',
        path: '/connectors/habit/config',
        headers: { 'content-type': 'application/json; charset=utf-8', accept: 'application/json' },
        body: JSON.stringify({
          ...file({ file: '${dir}/absent.txt' }),
          name: 'habit',
          'db.password': 'secret',
          ref: '${file:/x:y}'
        })
      },
      {
        ...get('/connectors/habit/config', 'Terraform reads back what it wrote'),
        until: { contains: ['secret'] }
      },
      {
        name: 'SourceLab deletes with a type',
        method: 'DELETE',
        path: '/connectors/habit',
        headers: json
      },
      { ...get('/connectors/habit/status', 'gone'), until: { status: 404 }, silent: true }
    ]
  },
  {
    name: 'internal-requests',
    steps: [
      send('POST', '/connectors/absent/tasks', '[]', 'task configs without a signature'),
      {
        ...send('POST', '/connectors/absent/tasks', '[]', 'an unknown algorithm'),
        headers: {
          ...json,
          'x-connect-authorization': 'AAAA',
          'x-connect-request-signature-algorithm': 'none'
        }
      },
      {
        ...send('POST', '/connectors/absent/tasks', '[]', 'an algorithm that is not allowed'),
        headers: {
          ...json,
          'x-connect-authorization': 'AAAA',
          'x-connect-request-signature-algorithm': 'HmacSHA1'
        }
      },
      {
        ...send('POST', '/connectors/absent/tasks', '[]', 'a wrong signature'),
        headers: {
          ...json,
          'x-connect-authorization': 'AAAA',
          'x-connect-request-signature-algorithm': 'HmacSHA256'
        }
      },
      {
        ...send('POST', '/connectors/absent/tasks', '[]', 'a signature that is no base64'),
        headers: {
          ...json,
          'x-connect-authorization': '***',
          'x-connect-request-signature-algorithm': 'HmacSHA256'
        }
      },
      {
        ...send('POST', '/connectors/absent/tasks', '[]', 'only the signature'),
        headers: { ...json, 'x-connect-authorization': 'AAAA' }
      },
      send('POST', '/connectors/absent/tasks', '{}', 'task configs are an object'),
      send('POST', '/connectors/absent/tasks', '', 'no task configs'),
      bare('PUT', '/connectors/absent/fence', 'fence without a signature'),
      {
        ...bare('PUT', '/connectors/absent/fence', 'fence with a wrong signature'),
        headers: {
          'x-connect-authorization': 'AAAA',
          'x-connect-request-signature-algorithm': 'HmacSHA256'
        }
      }
    ]
  }
]
