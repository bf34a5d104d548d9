import {
  heartbeatV1,
  heartbeatV2,
  heartbeatV3,
  heartbeatV4,
  joinGroupV2,
  joinGroupV3,
  joinGroupV4,
  joinGroupV5,
  joinGroupV6,
  joinGroupV7,
  joinGroupV8,
  joinGroupV9,
  leaveGroupV1,
  leaveGroupV2,
  leaveGroupV3,
  leaveGroupV4,
  leaveGroupV5,
  syncGroupV1,
  syncGroupV2,
  syncGroupV3,
  syncGroupV4,
  syncGroupV5
} from '@platformatic/kafka'
import type { ApiVersions } from '../client/network-client.ts'

export const joinGroupApi: ApiVersions<
  [
    groupId: string,
    sessionTimeoutMs: number,
    rebalanceTimeoutMs: number,
    memberId: string,
    groupInstanceId: string | null,
    protocolType: string,
    protocols: { name: string; metadata: Buffer }[],
    reason: string | null
  ],
  {
    readonly errorCode: number
    readonly generationId: number
    readonly protocolName?: string | null | undefined
    readonly leader: string
    readonly memberId: string
    readonly skipAssignment?: boolean
    readonly members: readonly {
      readonly memberId: string
      readonly groupInstanceId?: string | null | undefined
      readonly metadata: Buffer
    }[]
  }
> = [
  joinGroupV2.api,
  joinGroupV3.api,
  joinGroupV4.api,
  joinGroupV5.api,
  joinGroupV6.api,
  joinGroupV7.api,
  joinGroupV8.api,
  joinGroupV9.api
]

export const syncGroupApi: ApiVersions<
  [
    groupId: string,
    generation: number,
    memberId: string,
    groupInstanceId: string | null,
    protocolType: string,
    protocolName: string,
    assignments: { memberId: string; assignment: Buffer }[]
  ],
  { readonly errorCode: number; readonly assignment: Buffer }
> = [syncGroupV1.api, syncGroupV2.api, syncGroupV3.api, syncGroupV4.api, syncGroupV5.api]

export const heartbeatApi: ApiVersions<
  [groupId: string, generation: number, memberId: string, groupInstanceId: string | null],
  { readonly errorCode: number }
> = [heartbeatV1.api, heartbeatV2.api, heartbeatV3.api, heartbeatV4.api]

export const leaveGroupApi: ApiVersions<
  [groupId: string, members: { memberId: string; groupInstanceId: null; reason: string }[]],
  { readonly errorCode: number }
> = [leaveGroupV1.api, leaveGroupV2.api, leaveGroupV3.api, leaveGroupV4.api, leaveGroupV5.api]
