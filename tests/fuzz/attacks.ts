/** Requests of every kind to every endpoint. */
import { actions, configurations, messages } from './call-attacks'
import type { Attack } from './shots'
import { altered, signed, strangers } from './webhook-attacks'

export const ATTACKS: Attack[] = [strangers, altered, signed, actions, messages, configurations]
