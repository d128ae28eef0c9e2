import { deskBlock } from '../../src/botpress/configuration'
import { providerNames, providers } from '../../src/definition/registry'
import { readConfiguration } from '../configuration-file'
import { parseInstallation } from '../doctor/address'
import { unconnectedDriver } from '../unconnected'
import { InputError, oneOf, UsageError, type CommandInfo, type Run } from '../terminal/command'

const OPTIONS = {
  desk: { type: 'string', value: 'NAME', help: `one of ${providerNames.join(', ')} (default: all)` },
  'public-url': { type: 'string', value: 'URL', help: 'the installation’s webhook URL in Botpress' },
  bot: { type: 'string', value: 'NAME', default: 'my-bot', help: 'the bot’s name, for names that people read' },
  config: { type: 'string', value: 'FILE', help: 'a configuration on which the steps may depend' },
  manifest: { type: 'boolean', default: false, help: 'print the desk’s manifest alone, as JSON' },
} as const

export const INSTRUCTIONS: CommandInfo<typeof OPTIONS> = {
  name: 'npm run instructions',
  about:
    'Prints what has to be set up by hand at a vendor, with the installation’s own address filled in: Slack’s app ' +
    'manifest, Intercom’s URL and topics. A save in Botpress prints the same into the log.',
  options: OPTIONS,
  examples: [
    ['--desk intercom --public-url https://webhook.botpress.cloud/abc', 'the URL and the topics'],
    [
      '--desk slack --public-url https://webhook.botpress.cloud/abc --manifest | pbcopy',
      'the manifest, ready to paste',
    ],
  ],
  exits: { 0: 'printed', 2: 'bad arguments, or the desk has no manifest' },
}

/** Runs the command. Throws a UsageError for what can't be used. */
export const instructionsCommand = ({ values, output }: Pick<Run<typeof OPTIONS>, 'values' | 'output'>): number => {
  if (values['public-url'] === undefined)
    throw new UsageError('--public-url is missing; copy the webhook URL of the installation from Botpress')
  const address = parseInstallation(values['public-url'])
  const desk = values.desk === undefined ? undefined : oneOf('desk', values.desk, providerNames)
  if (values.manifest && desk === undefined) throw new UsageError('--manifest needs --desk')
  const texts = (desk === undefined ? providerNames : [desk]).map((name) => {
    const target = { url: `${address.url}/${name}`, installation: address.installation, botId: values.bot }
    return { name, text: unconnectedDriver(name, _blockOf(name, values.config)).instructions?.(target) }
  })
  if (values.manifest) {
    const manifest = /^\{$[\s\S]*^\}$/m.exec(texts[0]?.text ?? '')?.[0]
    if (manifest === undefined) throw new UsageError(`--manifest: ${providers[desk ?? '']?.title} has no manifest`)
    output.out(`${manifest}\n`)
    return 0
  }
  for (const { name, text } of texts) {
    const nothing = `${providers[name]?.title}: nothing by hand. A save in Botpress sets it up.`
    output.out(`${text ?? nothing}\n\n`)
  }
  return 0
}

/** The desk's block in the file, if there is one: the steps may depend on it. */
const _blockOf = (name: string, file: string | undefined): unknown => {
  if (file === undefined) return {}
  const read = readConfiguration(file, { placeholders: true })
  if (read.problem !== undefined) throw new InputError(read.problem)
  return deskBlock(read.configuration, name) ?? {}
}
