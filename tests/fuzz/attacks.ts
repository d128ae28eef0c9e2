/** All attacks. Together they cover every endpoint. */
import { answers } from './answer-attacks'
import { actions, configurations, messages } from './call-attacks'
import type { Attack } from './requests'
import { signedNonsense, tampered, unsigned } from './webhook-attacks'

export const ATTACKS: Attack[] = [unsigned, tampered, signedNonsense, actions, messages, configurations, answers]
