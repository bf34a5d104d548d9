import { configDef } from '../../config/config-def.ts'
import { clientKeys, PASSED_ON } from './client-keys.ts'
import {
  alike,
  idle,
  IDLE_CONNECTION,
  NO_METRICS,
  OPERATING_SYSTEM,
  REPEATED
} from './no-effect.ts'

/** Keys of admin clients beside those of every client. */
export const adminKeys = configDef(
  alike(PASSED_ON, {
    'bootstrap.controllers': {
      type: 'list',
      default: [],
      distinct: true,
      importance: 'high',
      ...idle('topics are made through brokers', '')
    },
    'bootstrap.servers': { type: 'list', default: [], distinct: true, importance: 'high' },
    'client.id': { type: 'string', default: '', importance: 'medium' },
    'connections.max.idle.ms': {
      type: 'long',
      default: 300_000,
      importance: 'medium',
      ...IDLE_CONNECTION
    },
    'default.api.timeout.ms': { type: 'int', default: 60_000, atLeast: 0, importance: 'medium' },
    'enable.metrics.push': { type: 'boolean', default: false, importance: 'low', ...NO_METRICS },
    'metadata.max.age.ms': {
      ...clientKeys['metadata.max.age.ms'],
      ...idle('topics are looked up when they are needed')
    },
    'receive.buffer.bytes': {
      type: 'int',
      default: 65_536,
      atLeast: -1,
      importance: 'medium',
      ...OPERATING_SYSTEM
    },
    retries: { type: 'int', default: 2_147_483_647, atLeast: 0, importance: 'low', ...REPEATED }
  })
)
