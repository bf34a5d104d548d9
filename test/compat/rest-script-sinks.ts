import type { Scenario, Step } from './rest-script.ts'

/** A sink: its type, its states, its topics, and its offsets, which are those of a consumer group. */

const json = { 'content-type': 'application/json' }
const TOPIC = 'rest-compat-sunk'
const LIVED = 'rest-compat-lived'
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
const silent = (step: Step): Step => ({ ...step, silent: true })
const running = (name: string, label: string): Step => ({
  holds: 5,
  ...get(`/connectors/${name}/status`, label),
  until: {
    contains: ['"RUNNING"', '"id":0'],
    without: ['UNASSIGNED', 'PAUSED', 'STOPPED', 'RESTARTING']
  }
})
const stopped = (name: string, label: string): Step => ({
  ...get(`/connectors/${name}/status`, label),
  until: { contains: ['STOPPED', '"tasks":[]'] }
})
const feed = { 'connector.class': 'FileStreamSource', file: '${dir}/lines.txt', topic: TOPIC }
const sink = {
  'connector.class': 'FileStreamSink',
  'tasks.max': '1',
  topics: TOPIC,
  file: '${dir}/sunk.txt',
  'consumer.override.max.poll.records': '2'
}
const byPattern = {
  'connector.class': 'FileStreamSink',
  'topics.regex': `${LIVED}|x`,
  file: '${dir}/life.txt',
  'consumer.override.group.id': 'rest-compat-group'
}
const twin = {
  ...sink,
  topics: LIVED,
  file: '${dir}/twin.txt',
  'consumer.override.group.id': 'rest-compat-group'
}
const create = (label: string, config: Readonly<Record<string, string>>): Step =>
  send('POST', '/connectors', { name: 'life', config }, label)
const first = { kafka_topic: TOPIC, kafka_partition: 0 }
const lived = { ...first, kafka_topic: LIVED }
const at = (offset: unknown, partition: unknown = first) => ({ offsets: [{ partition, offset }] })
const alter = (body: unknown, label: string, connector = 'sunk'): Step =>
  send('PATCH', `/connectors/${connector}/offsets`, body, label)
const offsets = (label: string): Step => get('/connectors/sunk/offsets', label)
/** While somebody is a member of the group. */
const refused = (step: Step): Step => ({ ...step, until: { status: 500 } })
/** A task that was told to stop may still be leaving its group. */
const calmly = (step: Step): Step => ({ ...step, until: { without: ["haven't stopped"] } })

export const sinkScenarios: readonly Scenario[] = [
  {
    name: 'sink-offsets',
    files: { 'lines.txt': 'a\nb\nc\n' },
    steps: [
      silent(send('POST', '/connectors', { name: 'sunk-feed', config: feed }, 'feed')),
      silent({
        ...get('/connectors/sunk-feed/offsets', 'fed'),
        until: { contains: ['"position":6'] }
      }),
      send('POST', '/connectors', { name: 'sunk', config: sink }, 'create'),
      running('sunk', 'running'),
      { ...offsets('committed'), until: { contains: ['"kafka_offset":3'] } },
      get('/connectors/sunk', 'a sink'),
      get('/connectors/sunk/config', 'its configuration'),
      get('/connectors/sunk/tasks', 'its tasks'),
      get('/connectors?expand=info&expand=status', 'expanded'),
      { ...get('/connectors/sunk/topics', 'active topics'), until: { contains: [TOPIC] } },
      alter(at({ kafka_offset: 1 }), 'alter while running'),
      bare('DELETE', '/connectors/sunk/offsets', 'reset while running'),
      bare('PUT', '/connectors/sunk/pause', 'pause'),
      {
        ...get('/connectors/sunk/status', 'paused'),
        until: { contains: ['PAUSED'], without: ['RUNNING'] }
      },
      bare('PUT', '/connectors/sunk/resume', 'resume'),
      running('sunk', 'resumed'),
      bare('POST', '/connectors/sunk/restart?includeTasks=true', 'restart with tasks'),
      running('sunk', 'restarted with tasks'),
      bare('POST', '/connectors/sunk/tasks/0/restart', 'restart the task'),
      running('sunk', 'task restarted'),
      bare('PUT', '/connectors/sunk/stop', 'stop'),
      stopped('sunk', 'stopped'),
      calmly(alter(at({ kafka_offset: 1 }), 'alter')),
      offsets('altered'),
      alter(at({ kafka_offset: '2' }, { ...first, kafka_partition: '0' }), 'texts'),
      offsets('after texts'),
      alter(at({ kafka_offset: 0, more: 'x' }, { ...first, more: 1 }), 'more fields'),
      offsets('after more fields'),
      alter(at({ kafka_offset: 100 }), 'beyond the end'),
      offsets('after beyond the end'),
      alter({ offsets: [] }, 'empty list'),
      alter({ offsets: null }, 'null offsets'),
      alter({}, 'no offsets'),
      alter({ offsets: [{}] }, 'empty entry'),
      alter(at({ kafka_offset: 1 }, null), 'null partition'),
      alter(at({ kafka_offset: 1 }, {}), 'empty partition'),
      alter(at({ kafka_offset: 1 }, { kafka_topic: TOPIC }), 'no partition number'),
      alter(at({ kafka_offset: 1 }, { kafka_partition: 0 }), 'no topic'),
      alter(at({ kafka_offset: 1 }, { ...first, kafka_topic: null }), 'null topic'),
      alter(at({ kafka_offset: 1 }, { ...first, kafka_partition: null }), 'null partition number'),
      alter(at({ kafka_offset: 1 }, { ...first, kafka_partition: 'x' }), 'word as partition'),
      alter(at({ kafka_offset: 1 }, { ...first, kafka_partition: 1.5 }), 'fractional partition'),
      alter(at({ kafka_offset: 1 }, { ...first, kafka_partition: true }), 'boolean partition'),
      alter(
        at({ kafka_offset: 1 }, { ...first, kafka_partition: 2_147_483_648 }),
        'partition beyond 31 bits'
      ),
      alter(at({ kafka_offset: 1 }, { ...first, kafka_partition: -1 }), 'negative partition'),
      alter(
        at({ kafka_offset: 1 }, { ...first, kafka_partition: 7 }),
        'partition that is not there'
      ),
      alter(
        at({ kafka_offset: 1 }, { kafka_topic: 'rest-compat-absent', kafka_partition: 0 }),
        'topic that is not there'
      ),
      alter(at({}), 'empty offset'),
      alter(at({ offset: 1 }), 'unknown offset field'),
      alter(at({ kafka_offset: null }), 'null in the offset'),
      alter(at({ kafka_offset: 'x' }), 'word as offset'),
      alter(at({ kafka_offset: 1.5 }), 'fractional offset'),
      alter(at({ kafka_offset: -1 }), 'negative offset'),
      alter(
        `{"offsets":[{"partition":{"kafka_topic":"${TOPIC}","kafka_partition":0},"offset":{"kafka_offset":9223372036854775808}}]}`,
        'offset beyond 63 bits'
      ),
      alter(
        {
          offsets: [
            { partition: first, offset: { kafka_offset: 1 } },
            { partition: first, offset: { kafka_offset: 2 } }
          ]
        },
        'the same partition twice'
      ),
      offsets('after the same partition twice'),
      alter(at(null), 'null offset'),
      offsets('after the null offset'),
      alter(at(null), 'null offset again'),
      alter(at({ kafka_offset: 1 }), 'alter once more'),
      bare('DELETE', '/connectors/sunk/offsets', 'reset'),
      offsets('after reset'),
      bare('DELETE', '/connectors/sunk/offsets', 'reset again'),
      alter(at(null), 'null offset of no group'),
      bare('PUT', '/connectors/sunk/resume', 'resume after reset'),
      running('sunk', 'running after reset'),
      { ...offsets('committed again'), until: { contains: ['"kafka_offset":3'] } },
      bare('PUT', '/connectors/sunk/stop', 'stop again'),
      silent(stopped('sunk', 'stopped again')),
      silent(calmly(bare('DELETE', '/connectors/sunk/offsets', 'tidy up the group'))),
      silent(bare('PUT', '/connectors/sunk-feed/stop', 'stop the feed')),
      silent(stopped('sunk-feed', 'feed stopped')),
      silent(bare('DELETE', '/connectors/sunk-feed/offsets', 'forget the feed')),
      silent(bare('DELETE', '/connectors/sunk-feed', 'delete the feed')),
      bare('DELETE', '/connectors/sunk', 'delete'),
      { ...offsets('offsets of a deleted connector'), until: { status: 404 } }
    ]
  },
  {
    name: 'sink-life',
    files: { 'lines.txt': 'a\nb\nc\n' },
    steps: [
      create('no topics', { 'connector.class': 'FileStreamSink' }),
      create('both kinds of topics', { ...sink, topics: LIVED, 'topics.regex': 'x.*' }),
      create('an expression that is none', { ...byPattern, 'topics.regex': '(' }),
      create('a dead letter queue among its topics', {
        ...sink,
        topics: LIVED,
        'errors.deadletterqueue.topic.name': LIVED
      }),
      create('a dead letter queue that the expression matches', {
        ...byPattern,
        'errors.deadletterqueue.topic.name': LIVED
      }),
      create('tasks.max of none', { ...sink, topics: LIVED, 'tasks.max': '0' }),
      silent(
        send(
          'POST',
          '/connectors',
          { name: 'life-feed', config: { ...feed, topic: LIVED } },
          'feed'
        )
      ),
      silent({
        ...get('/connectors/life-feed/offsets', 'fed'),
        until: { contains: ['"position":6'] }
      }),
      create('by an expression', byPattern),
      running('life', 'running'),
      create('the same name again', byPattern),
      {
        ...get('/connectors/life/offsets', 'committed'),
        until: { contains: ['"kafka_offset":3'] }
      },
      { ...get('/connectors/life/topics', 'active topics'), until: { contains: [LIVED] } },
      bare('PUT', '/connectors/life/topics/reset', 'forget topics'),
      {
        ...get('/connectors/life/topics', 'topics are forgotten'),
        until: { contains: ['"topics":[]'] }
      },
      get('/connectors/life/tasks/0/status', 'status of the task'),
      get('/connectors/life/tasks/1/status', 'status of a task that is not there'),
      bare('POST', '/connectors/life/tasks/1/restart', 'restart a task that is not there'),
      send('PATCH', '/connectors/life/config', { 'tasks.max': '2' }, 'patch its configuration'),
      {
        holds: 5,
        ...get('/connectors/life/status', 'two tasks'),
        until: { contains: ['"id":1'], without: ['UNASSIGNED', 'RESTARTING'] }
      },
      bare('PUT', '/connectors/life/pause', 'pause'),
      silent({
        ...get('/connectors/life/status', 'paused'),
        until: { contains: ['PAUSED'], without: ['RUNNING'] }
      }),
      alter(at({ kafka_offset: 1 }, lived), 'alter while paused', 'life'),
      bare('DELETE', '/connectors/life/offsets', 'reset while paused'),
      bare('PUT', '/connectors/life/stop', 'stop'),
      silent(stopped('life', 'stopped')),
      bare('POST', '/connectors/life/restart?includeTasks=true', 'restart while stopped'),
      bare('PUT', '/connectors/life/pause', 'pause while stopped'),
      silent({
        ...get('/connectors/life/status', 'paused again'),
        until: { contains: ['PAUSED'] }
      }),
      bare('PUT', '/connectors/life/stop', 'stop once more'),
      silent(stopped('life', 'stopped once more')),
      get('/connectors/absent/offsets', 'offsets of no connector'),
      alter(at({ kafka_offset: 1 }, lived), 'alter no connector', 'absent'),
      bare('DELETE', '/connectors/absent/offsets', 'reset no connector'),

      // Another connector reads with the same group, and so do tasks that have not ended.
      silent(send('POST', '/connectors', { name: 'twin', config: twin }, 'a twin')),
      silent(running('twin', 'the twin runs')),
      {
        ...get('/connectors/life/offsets', 'offsets of the group'),
        until: { contains: ['"kafka_offset":3'] }
      },
      // A task that runs may not have joined its group yet.
      refused(alter(at({ kafka_offset: 1 }, lived), 'alter a group in use', 'life')),
      refused(
        send('PATCH', '/connectors/life/offsets', at(null, lived), 'forget one of a group in use')
      ),
      refused(bare('DELETE', '/connectors/life/offsets', 'reset a group in use')),
      bare('PUT', '/connectors/twin/stop', 'stop the twin'),
      silent(stopped('twin', 'the twin is stopped')),
      silent(calmly(bare('DELETE', '/connectors/twin/offsets', 'tidy up the group'))),
      silent(bare('DELETE', '/connectors/twin', 'delete the twin')),
      bare('DELETE', '/connectors/life', 'delete'),
      silent(bare('PUT', '/connectors/life-feed/stop', 'stop the feed')),
      silent(stopped('life-feed', 'feed stopped')),
      silent(bare('DELETE', '/connectors/life-feed/offsets', 'forget the feed')),
      silent(bare('DELETE', '/connectors/life-feed', 'delete the feed'))
    ]
  }
]
