/** The workspace's ids and secrets, the people in it, and other apps. */
import type { SandboxAgent } from '../../kit/sandbox'

export const TEAM = 'T0SANDBOX01'
export const APP = 'A0HITLROUTER'
export const BOT = 'B0HITLROUTER'
export const BOT_USER = 'U0HITLROUTER'
export const BOT_NAME = 'hitl-router'
export const BOT_TOKEN = ['xoxb', '1000000000', '2000000000', 'sandboxtoken'].join('-')
export const SIGNING_SECRET = '5b1c0ffee5b1c0ffee5b1c0ffee5b1c0'
export const CHANNEL = 'C0SUPPORT01'

export const AGENTS: SandboxAgent[] = [
  {
    id: 'U0ADA000001',
    name: 'Ada Lovelace',
    email: 'ada@sandbox.example',
    pictureUrl: 'https://avatars.slack-edge.example/ada_192.png',
  },
  {
    id: 'U0GRACE0001',
    name: 'Grace Hopper',
    email: 'grace@sandbox.example',
    pictureUrl: 'https://avatars.slack-edge.example/grace_192.png',
  },
]

/** Another company, in a channel that is shared with it. */
export const PARTNER_TEAM = 'T0PARTNER01'
export const STRANGER = 'U0MALLORY01'
/** The user of another app. */
export const OTHER_BOT_USER = 'U0POLLY0001'
export const OTHER_BOT = 'B0OTHERAPP1'
export const OTHER_APP = 'A0OTHERAPP1'

/** Everybody whom `users.info` describes, besides the app itself. */
export const PEOPLE: { id: string; name: string; handle: string; pictureUrl?: string; team: string; isBot: boolean }[] =
  [
    ...AGENTS.map(({ id, name, email, pictureUrl }) => ({
      id,
      name,
      handle: email.split('@')[0] ?? id,
      ...(pictureUrl ? { pictureUrl } : {}),
      team: TEAM,
      isBot: false,
    })),
    { id: STRANGER, name: 'Mallory Partner', handle: 'mallory', team: PARTNER_TEAM, isBot: false },
    { id: OTHER_BOT_USER, name: 'Polls', handle: 'polls', team: TEAM, isBot: true },
  ]
