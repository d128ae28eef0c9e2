/** The types that `bp generate` would write, inferred from the definition. Checks and tests need no generated code. */
import * as sdk from '@botpress/sdk'
import type hitl from '../../bp_modules/hitl'
import type * as parts from '../definition/parts'
import type { actions as ownActions, events as ownEvents } from '../definition/bot-facing'

type Shape<Part> = Part extends { schema: infer Schema extends sdk.z.ZodTypeAny } ? sdk.z.infer<Schema> : never
type Shapes<Parts> = { [Key in keyof Parts]: Shape<Parts[Key]> }
type ActionShapes<Actions> = {
  [Key in keyof Actions]: Actions[Key] extends { input: infer Input; output: infer Output }
    ? { input: Shape<Input>; output: Shape<Output> }
    : never
}
type StateShapes<States> = {
  [Key in keyof States]: States[Key] extends { type: infer Type } ? { type: Type; payload: Shape<States[Key]> } : never
}

type Hitl = (typeof hitl)['definition']
type HitlActions = ActionShapes<Hitl['actions']>
type HitlSession = Shape<typeof parts.hitlSession>

interface TypedActions extends Record<string, { input: unknown; output: unknown }> {
  createUser: HitlActions['createUser']
  startHitl: {
    input: Omit<HitlActions['startHitl']['input'], 'hitlSession'> & { hitlSession?: HitlSession }
    output: HitlActions['startHitl']['output']
  }
  stopHitl: HitlActions['stopHitl']
}

type RouterIntegration = sdk.DefaultIntegration<{
  name: 'hitl-router'
  version: '0.1.0'
  user: typeof parts.user
  configuration: Shape<typeof parts.configuration>
  configurations: {}
  actions: Pick<TypedActions, 'createUser' | 'startHitl' | 'stopHitl'> & ActionShapes<typeof ownActions>
  channels: {
    hitl: {
      messages: Shapes<Hitl['channels']['hitl']['messages']>
      message: typeof parts.hitlChannel.message
      conversation: typeof parts.hitlChannel.conversation
    }
  }
  events: Shapes<Hitl['events']> & Shapes<typeof ownEvents>
  states: StateShapes<typeof parts.states>
  entities: { hitlSession: HitlSession }
}>

export class Integration extends sdk.Integration<RouterIntegration> {}

export type IntegrationProps = sdk.IntegrationProps<RouterIntegration>
export type Client = sdk.IntegrationSpecificClient<RouterIntegration>
export type HandlerProps = Parameters<IntegrationProps['handler']>[0]
export type Context = HandlerProps['ctx']
export type Logger = HandlerProps['logger']
