import type { Clock } from '../../clock.ts'
import {
  type ProducingSettings,
  producingSettings
} from '../../settings/clients/producer-settings.ts'
import { clientSettings } from '../client/client-settings.ts'
import type { ClientProperties } from '../contracts.ts'
import { compressionOf } from './compression.ts'
import type { SendingSettings } from './sending-policy.ts'

export interface ProducerSettings
  extends SendingSettings,
    Omit<ProducingSettings, 'compression' | 'compressionLevel'> {}

/** Producer properties with Connect's defaults. Throws ConfigError that names the property. */
export function producerSettings(properties: ClientProperties, clock: Clock): ProducerSettings {
  const client = clientSettings(properties, clock, 'producer')
  const { compression, compressionLevel, ...settings } = producingSettings(properties)
  return {
    ...settings,
    client,
    compression: compressionOf(compression, compressionLevel),
    maxRecordBytes: settings.maxRequestBytes,
    createsTopics: true
  }
}
