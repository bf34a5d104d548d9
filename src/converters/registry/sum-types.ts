/**
 * `generalized.sum.type.support`: enums and unions are told by these parameters, whatever the format they
 * come from.
 */
export const ENUM_PARAMETER = 'org.apache.kafka.connect.data.Enum'
export const UNION_PARAMETER = 'org.apache.kafka.connect.data.Union'
export const UNION_PREFIX = 'connect_union_'
export const UNION_FIELD_PREFIX = 'connect_union_field_'
