/** A bot that hands over through the router. In a project of your own, both imports come from `./bp_modules`. */
import { BotDefinition } from '@botpress/sdk'
import hitl from './stand-ins/hitl-plugin'
import router from './stand-ins/hitl-router'

export default new BotDefinition({})
  .addIntegration(router, {
    enabled: true,
    // The desks' blocks are filled in in Studio: credentials belong there, not here.
    configuration: {
      routing: {
        preferredDesk: 'Zendesk',
        strategy: 'Preferred desk first',
        otherwise: 'Use any desk',
        nobodyThere: 'Open a ticket anyway',
        timeZone: 'Europe/Paris',
        defaultLanguage: 'en',
      },
    },
  })
  // One plugin, one integration: which desk takes a handoff is the router's business.
  .addPlugin(hitl, {
    configuration: {
      // The bot says by itself what happens: the plugin would greet before anything was attempted.
      onHitlHandoffMessage: 'NULL',
      agentAssignedTimeoutSeconds: 600,
      useHumanAgentInfo: true,
      flowOnHitlStopped: true,
    },
    dependencies: { hitl: { integrationAlias: router.name, integrationInterfaceAlias: 'hitl<hitlSession>' } },
  })
