import type { ConfigMap } from '../../config/config-def.ts'
import { ownedByNobody } from '../../plugin/plugin-owner.ts'
import type { ConnectorPlugin } from '../../plugin/plugins.ts'
import type { AlteredOffsets, OffsetChange } from '../../plugin/source.ts'
import type { StartFrom } from '../../plugin/start-from.ts'
import type { StoredOffset } from '../../storage/offset-store.ts'
import type { RequestedOffset } from '../contracts.ts'

/** A connector with the references of its configuration replaced. */
export interface Resolved<P extends ConnectorPlugin> {
  readonly name: string
  readonly plugin: P
  readonly config: ConfigMap
}

/** What ConnectorOffsets needs of sources, or of sinks; see there for what each is to do. */
export interface OffsetsOfKind<P extends ConnectorPlugin> {
  all(connector: Resolved<P>): Promise<StoredOffset[]>
  left(connector: Resolved<P>): Promise<StoredOffset[]>
  modify(connector: Resolved<P>, changes: readonly RequestedOffset[] | null): Promise<boolean>
  inTheWay(connector: Resolved<P>): Promise<string | null>
  write(connector: Resolved<P>, changes: readonly StoredOffset[]): Promise<void>
  /** Offsets of a request as they are to be stored, checked by the connector's class. */
  checked(connector: Resolved<P>, given: readonly RequestedOffset[]): Promise<AlteredOffsets>
  /** undefined: where the connector starts cannot be moved. */
  startFrom(connector: Resolved<P>): StartFrom | undefined
}

/** What the class of a connector makes of offsets an operator wants to store: `alter` asks it. */
export async function alteredOffsets(
  wanted: readonly OffsetChange[],
  alter: () => ReturnType<NonNullable<ConnectorPlugin['alterOffsets']>> | undefined
): Promise<AlteredOffsets> {
  const answer = (await ownedByNobody(alter)) ?? false
  return typeof answer === 'boolean' ? { complete: answer, changes: wanted } : answer
}
