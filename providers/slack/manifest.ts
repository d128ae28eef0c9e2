import { shorten } from '../kit/message-text'
import type { SubscriptionTarget } from '../provider'
import type { Settings } from './config'

/** Without one of these, something fails silently: replies don't arrive or names don't show. */
const REQUIRED_SCOPES = [
  'chat:write',
  'chat:write.customize',
  'channels:history',
  'groups:history',
  'channels:read',
  'groups:read',
  'channels:join',
  'files:read',
  'files:write',
  'reactions:read',
  'users:read',
]

/** The scopes for this configuration. Only a user group of agents has to be read. */
export const requiredScopes = (agents: Settings['agents']): string[] => [
  ...REQUIRED_SCOPES,
  ...(agents === 'user-group' ? ['usergroups:read'] : []),
]

/** Scopes without which something is missing that nobody has to have. */
export const OPTIONAL_SCOPES = [
  { scope: 'app_mentions:read', without: 'a reply that mentions the app may arrive late' },
  { scope: 'dnd:read', without: 'people who don’t want to be disturbed count as available' },
  { scope: 'reactions:write', without: 'replies don’t show what became of them' },
] as const

const MAX_APP_NAME_LENGTH = 35
const MAX_BOT_NAME_LENGTH = 80

/**
 * The manifest to paste under “From a manifest” when creating the Slack app.
 * https://docs.slack.dev/reference/app-manifest
 */
export const manifestFor = (target: SubscriptionTarget, agents: Settings['agents'] = 'workspace') => ({
  display_information: {
    name: shorten(`HITL Router ${target.botId}`, MAX_APP_NAME_LENGTH),
    description: 'Conversations that a bot hands over to people',
    background_color: '#1b2a4a',
  },
  features: {
    bot_user: { display_name: shorten(`HITL Router ${target.botId}`, MAX_BOT_NAME_LENGTH), always_online: true },
  },
  oauth_config: { scopes: { bot: [...requiredScopes(agents), ...OPTIONAL_SCOPES.map(({ scope }) => scope)] } },
  settings: {
    event_subscriptions: {
      request_url: target.url,
      bot_events: [
        'app_mention',
        'app_uninstalled',
        'channel_archive',
        'channel_id_changed',
        'group_archive',
        'message.channels',
        'message.groups',
        'reaction_added',
        'tokens_revoked',
      ],
    },
    interactivity: { is_enabled: true, request_url: target.url },
    org_deploy_enabled: false,
    socket_mode_enabled: false,
    token_rotation_enabled: false,
  },
})

/** The set-up steps at Slack, with the complete manifest, for the log. */
export const instructionsFor = (target: SubscriptionTarget, agents: Settings['agents']): string =>
  [
    'Set up the Slack app once at https://api.slack.com/apps:',
    '1. Choose Create New App, From a manifest, then your workspace. Paste the JSON below.',
    '2. Choose Install App. Copy the Bot User OAuth Token (xoxb-…) into “Bot token”.',
    '3. Under Basic Information, copy the Signing Secret into “Signing secret”. Enter the channel and save.',
    '4. Under Event Subscriptions, press Retry next to the Request URL until it says Verified. This needs step 3.',
    '5. If the channel is private, invite the app (/invite). The app joins a public channel by itself.',
    '',
    JSON.stringify(manifestFor(target, agents), null, 2),
  ].join('\n')
