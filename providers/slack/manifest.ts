import { shorten } from '../kit/message-text'
import type { SubscriptionTarget } from '../provider'

/** Without these something would fail silently: replies not heard, names not shown. */
export const REQUIRED_SCOPES = [
  'chat:write',
  'chat:write.customize',
  'channels:history',
  'groups:history',
  'channels:read',
  'groups:read',
  'channels:join',
  'reactions:read',
  'users:read',
]

const LONGEST_APP_NAME = 35
const LONGEST_BOT_NAME = 80

/**
 * The Slack app as Slack's “From a manifest” takes it.
 * https://docs.slack.dev/reference/app-manifest
 */
export const manifestFor = (target: SubscriptionTarget) => ({
  display_information: {
    name: shorten(`HITL Router ${target.botId}`, LONGEST_APP_NAME),
    description: 'Conversations that a bot hands over to people',
    background_color: '#1b2a4a',
  },
  features: {
    bot_user: { display_name: shorten(`HITL Router ${target.botId}`, LONGEST_BOT_NAME), always_online: true },
  },
  oauth_config: { scopes: { bot: [...REQUIRED_SCOPES, 'app_mentions:read'] } },
  settings: {
    event_subscriptions: {
      request_url: target.url,
      bot_events: [
        'app_mention',
        'app_uninstalled',
        'channel_archive',
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

export const instructionsFor = (target: SubscriptionTarget): string =>
  [
    'Slack: once, at https://api.slack.com/apps',
    '1. Create New App, From a manifest, choose the workspace, and paste the JSON below.',
    '2. Install App, then copy the Bot User OAuth Token (xoxb-…) into “Bot token”.',
    '3. Basic Information: copy the Signing Secret into “Signing secret”, enter the channel, and save this configuration.',
    '4. Event Subscriptions: press Retry next to the Request URL until it says Verified (it cannot before step 3), and save.',
    '5. A private channel has to invite the app (/invite); a public one is joined by itself.',
    '',
    JSON.stringify(manifestFor(target), null, 2),
  ].join('\n')
