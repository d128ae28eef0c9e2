import type { Tools } from '../kit/tools'
import { createSlackApi, type SlackApi } from './api'
import type { Settings } from './config'
import { memoryOf, type Memory } from './memory'

/** What the driver works with: one Slack app in one workspace. */
export interface App {
  api: SlackApi
  tools: Tools
  memory: Memory
  settings: Settings
}

export const createApp = (settings: Settings, tools: Tools): App => {
  const memory = memoryOf(tools, settings.botToken)
  return { settings, tools, memory, api: createSlackApi(settings.botToken, tools, memory) }
}
