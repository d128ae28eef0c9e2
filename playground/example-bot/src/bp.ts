/**
 * Stands for `.botpress`, which `bp generate` writes in a project of your own: the bot with the actions and events of
 * its integrations and plugins. Inferred from the same declarations as the definition.
 */
import * as sdk from '@botpress/sdk'
import type { actions as routerActions, events as routerEvents } from '../../../src/definition/bot-facing'
import type hitl from '../stand-ins/hitl-plugin'

type Shape<Part> = Part extends { schema: infer Schema extends sdk.z.ZodTypeAny } ? sdk.z.infer<Schema> : never
type ActionShapes<Actions> = {
  [Key in keyof Actions]: Actions[Key] extends { input: infer Input; output: infer Output }
    ? { input: Shape<Input>; output: Shape<Output> }
    : never
}
type EventShapes<Events> = { [Key in keyof Events]: Shape<Events[Key]> }
type Plugin = (typeof hitl)['definition']
type PluginActions = ActionShapes<Plugin['actions']>

type ExampleBot = sdk.DefaultBot<{
  integrations: {
    'hitl-router': {
      name: 'hitl-router'
      actions: ActionShapes<typeof routerActions>
      events: EventShapes<typeof routerEvents>
    }
    webchat: { name: 'webchat'; channels: { channel: { messages: { text: { text: string } } } } }
  }
  /** A plugin's actions are the bot's own, under its alias. */
  actions: { [Key in keyof PluginActions as `hitl#${Key & string}`]: PluginActions[Key] }
}>

type BotProps = sdk.BotProps<ExampleBot>

/** In your project: `new bp.Bot({ actions: {} })`. The generated class brings the plugin's actions along. */
export class Bot extends sdk.Bot<ExampleBot> {
  public constructor(props: { actions: Partial<BotProps['actions']> }) {
    super({ actions: props.actions as BotProps['actions'], plugins: {} })
  }
}
export type Client = Parameters<Parameters<Bot['on']['message']>[1]>[0]['client']
export type Availability = ActionShapes<typeof routerActions>['checkAvailability']['output']
export type StartHitl = PluginActions['startHitl']['input']
