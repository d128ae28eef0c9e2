import type { Log } from '../../providers/kit/tools'
import type { Client, Context, Logger } from './bp'
import type { BotpressClock } from './clock'
import type { Environment } from './environment'
import { createLog } from './log'
import type { Memory } from './memory'

/** One call from Botpress, with everything its handling needs. */
export interface Call {
  environment: Environment
  memory: Memory
  client: Client
  context: Context
  log: Log
  /** For moments that other instances read or have written. `environment.now` is for deadlines and pauses. */
  clock: BotpressClock
  /** Separates the installations in an instance's memory. */
  installation: string
}

export const createCall = (
  environment: Environment,
  memory: Memory,
  props: { client: Client; ctx: Context; logger: Logger }
): Call => ({
  environment,
  memory,
  client: props.client,
  context: props.ctx,
  log: createLog(props.logger),
  clock: memory.clock,
  installation: `${props.ctx.botId}/${props.ctx.integrationId}/${props.ctx.webhookId}`,
})
