import { readConfiguration } from '../configuration-file'
import { InputError, UsageError, type CommandInfo, type Run } from '../terminal/command'
import { parseInstallation } from './address'
import { examine, type Surroundings } from './examine'
import { countsOf, printReport } from './print'

const OPTIONS = {
  config: { type: 'string', value: 'FILE', help: 'the whole configuration as JSON, with the real credentials' },
  'public-url': {
    type: 'string',
    value: 'URL',
    help: 'the installation’s webhook URL in Botpress: webhooks and triggers are compared with it',
  },
  bot: { type: 'string', value: 'ID', help: 'the bot’s id, if triggers of another bot must not pass' },
  json: { type: 'boolean', default: false, help: 'print the findings as JSON' },
} as const

export const DOCTOR: CommandInfo<typeof OPTIONS> = {
  name: 'npm run doctor',
  about:
    'Examines the desks of a configuration: credentials, scopes, membership, webhooks and triggers, clocks and ' +
    'reachability. Says line by line what is right, and what to do about what is not. Changes nothing.',
  options: OPTIONS,
  examples: [
    ['--config configuration.json', 'before the first save'],
    ['--config configuration.json --public-url https://webhook.botpress.cloud/abc', 'after it'],
    ['--config configuration.json --json | jq .desks', 'for a script'],
  ],
  exits: {
    0: 'nothing is wrong; what should be looked at is listed',
    1: 'something is wrong',
    2: 'bad arguments, or a configuration that can’t be used',
  },
}

/** Runs the command. Throws a UsageError for what can't be used. */
export const doctorCommand = async (
  { values, output, paint, progress }: Pick<Run<typeof OPTIONS>, 'values' | 'output' | 'paint' | 'progress'>,
  surroundings: Surroundings
): Promise<number> => {
  if (!values.config) throw new UsageError('--config is missing; give the path of the configuration file')
  const address = values['public-url'] === undefined ? undefined : parseInstallation(values['public-url'])
  const read = readConfiguration(values.config, { placeholders: false })
  if (read.problem !== undefined) throw new InputError(read.problem)
  for (const remark of read.remarks) output.error(`${remark}\n`)
  const desks = await examine(
    {
      configuration: read.configuration,
      address,
      botId: values.bot,
      onDesk: (title) => progress(`Examining ${title}`),
    },
    surroundings
  )
  progress.end()
  const counts = countsOf(desks)
  if (values.json) {
    const examinedAt = new Date(surroundings.now()).toISOString()
    output.out(`${JSON.stringify({ examinedAt, publicUrl: address?.url ?? null, ...counts, desks }, undefined, 2)}\n`)
  } else output.out(printReport(desks, paint))
  return counts.wrong === 0 ? 0 : 1
}
