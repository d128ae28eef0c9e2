import * as sdk from '@botpress/sdk'
import hitl from './bp_modules/hitl'
import packageJson from './package.json'
import { actions, events } from './src/definition/bot-facing'
import { configuration, entities, hitlChannel, states, user } from './src/definition/parts'

const extended = new sdk.IntegrationDefinition({
  name: packageJson.name,
  version: packageJson.version,
  title: 'HITL Router',
  description: 'Hands conversations to live agents in Zendesk, Intercom or Slack, whichever your routing chooses.',
  icon: 'icon.svg',
  readme: 'hub.md',
  configuration,
  actions,
  events,
  states,
  user,
  entities,
  attributes: { category: 'Customer Support', repo: 'botpress' },
  // The schemas are zui 1.3.3 instances, which only the legacy transformer of newer CLIs reads.
  __advanced: { useLegacyZuiTransformer: true },
}).extend(hitl, (self) => ({
  entities: { hitlSession: self.entities.hitlSession },
  channels: { hitl: hitlChannel },
}))

// A CLI that adds the workspace's handle to the name rebuilds the definition from its props. These lack what `extend`
// adds, so the definition is flattened.
export default new sdk.IntegrationDefinition({
  ...extended.props,
  actions: extended.actions,
  events: extended.events,
  channels: extended.channels,
  interfaces: extended.interfaces,
} as sdk.IntegrationDefinitionProps)
