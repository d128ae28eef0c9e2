/**
 * Stands for `bp_modules/hitl-router`, which `bp add <your handle>/hitl-router` writes in a project of your own. It is
 * made from this repository's definition, so it never differs from what is deployed.
 */
import type { IntegrationPackage } from '@botpress/sdk'
import router from '../../../integration.definition'
import { actions, events } from '../../../src/definition/bot-facing'
import { configuration } from '../../../src/definition/parts'

const { name, version } = router.props

export default {
  type: 'integration',
  id: undefined,
  uri: undefined,
  name,
  version,
  definition: {
    name,
    version,
    configuration,
    actions: { ...router.actions, ...actions },
    events: { ...router.events, ...events },
    channels: router.channels ?? {},
    entities: router.entities ?? {},
    interfaces: router.interfaces ?? {},
  },
} satisfies IntegrationPackage
