/** The configuration as Studio shows it: its schema, the router's own check, and examples. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { z } from '@botpress/sdk'
import { routingProblems } from '../../src/actions/plan'
import { deskProblems } from '../../src/botpress/configuration'
import { messageProblems } from '../../src/botpress/message-settings'
import { configuration as shown } from '../../src/definition/parts'
import type { Configuration } from '../configuration-file'
import { withSandboxes, type Play } from './play'

export interface Problem {
  field: string
  problem: string
  /** The block and the field that the problem is about. Empty: the whole. */
  path: string[]
}

interface JsonSchema {
  title?: string
  description?: string
  properties?: Record<string, JsonSchema>
  items?: JsonSchema
  'x-zui'?: { title?: string; secret?: boolean }
  [key: string]: unknown
}

/** The schema of the definition, with the titles where JSON schema has them. */
export const formSchema = (): JsonSchema => _titled((shown.schema as z.ZodTypeAny).toJSONSchema() as JsonSchema)

const _titled = ({ 'x-zui': zui, properties, items, ...rest }: JsonSchema): JsonSchema => ({
  ...rest,
  ...(zui?.title ? { title: zui.title } : {}),
  ...(zui?.secret ? { format: 'password' } : {}),
  ...(items ? { items: _titled(items) } : {}),
  ...(properties
    ? { properties: Object.fromEntries(Object.entries(properties).map(([name, field]) => [name, _titled(field)])) }
    : {}),
})

/** What the router would refuse, in its own words. */
export const problemsOf = (configuration: unknown): Problem[] => {
  if (typeof configuration !== 'object' || configuration === null || Array.isArray(configuration))
    return [{ field: 'Configuration', problem: 'needs an object with a block for each desk', path: [] }]
  const parsed = (shown.schema as z.ZodTypeAny).safeParse(configuration)
  const shape = parsed.success
    ? []
    : parsed.error.issues.map(({ path, message }) => ({
        field: path.join(' → ') || 'Configuration',
        problem: message,
        path: path.map(String).slice(0, 2),
      }))
  if (shape.length > 0) return shape
  const given = configuration as Configuration
  const schema = formSchema()
  return [...deskProblems(given), ...routingProblems(given), ...messageProblems(given)].map(({ field, problem }) => ({
    field,
    problem,
    path: _pathOf(schema, field),
  }))
}

/** `Zendesk → Subdomain` is the field `subdomain` of the block `zendesk`. */
const _pathOf = (schema: JsonSchema, field: string): string[] => {
  const path: string[] = []
  let at: JsonSchema | undefined = schema
  for (const title of field.split(' → ')) {
    const found: [string, JsonSchema] | undefined = Object.entries(at?.properties ?? {}).find(
      ([name, { title: known }]) => known === title || name === title
    )
    if (!found) break
    path.push(found[0])
    at = found[1]
  }
  return path
}

const EXAMPLES = join(import.meta.dirname, '../examples')

/** The example configurations by name, with the sandboxes' credentials. */
export const examplesFor = ({ world }: Play): { name: string; configuration: Record<string, unknown> }[] =>
  readdirSync(EXAMPLES)
    .filter((file) => file.endsWith('.json'))
    .toSorted()
    .map((file) => ({
      name: file.replace(/\.json$/, '').replaceAll('-', ' '),
      configuration: withSandboxes(
        world,
        JSON.parse(readFileSync(join(EXAMPLES, file), 'utf8')) as Record<string, unknown>
      ),
    }))
