import type { LoggerInfo, WorkerInfo } from '../../herder/herder.ts'

export function workerInfo({ version, commit, kafkaClusterId }: WorkerInfo): unknown {
  return { version, commit, kafka_cluster_id: kafkaClusterId }
}

export function loggerInfo({ level, lastModified }: LoggerInfo): unknown {
  return { level, last_modified: lastModified }
}
