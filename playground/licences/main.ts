import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { bundleRouter, sizesOf } from '../build/bundle'
import type { CommandInfo, Run } from '../terminal/command'

const OPTIONS = {
  all: { type: 'boolean', default: false, help: 'also packages that only development needs' },
  json: { type: 'boolean', default: false, help: 'print the list as JSON' },
} as const

export const LICENCES: CommandInfo<typeof OPTIONS> = {
  name: 'npm run licences',
  about: 'Lists the licences of the packages that the deployed integration contains.',
  options: OPTIONS,
  examples: [
    ['', 'what is deployed'],
    ['--all', 'what is installed for development, too'],
    ['--json', 'for a script that checks them'],
  ],
  exits: {
    0: 'everything that is deployed has a permissive licence',
    1: 'a licence of it is unknown, or asks for more than its text to be kept',
  },
}

export interface Licensed {
  name: string
  version: string
  /** SPDX expression, or undefined: the package names none. */
  licence: string | undefined
  isDeployed: boolean
}

/** Ask for nothing but that their text is kept. */
const PERMISSIVE = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MIT-0',
  'Python-2.0',
  'Unlicense',
])

/** Whether one of the alternatives is permissive: `(MIT OR GPL-3.0)`, `MIT AND ISC`. */
export const isPermissive = (expression: string | undefined): boolean =>
  expression !== undefined &&
  expression
    .replace(/[()]/g, '')
    .split(/\s+OR\s+/)
    .some((choice) => choice.split(/\s+AND\s+/).every((licence) => PERMISSIVE.has(licence.trim())))

const ROOT = resolve(import.meta.dirname, '../..')

interface Lock {
  packages: Record<string, { version?: string; dev?: boolean; optional?: boolean; link?: boolean }>
}

interface Manifest {
  license?: string | { type?: string }
  licenses?: { type?: string }[]
}

/** Every installed package, by its folder below node_modules. */
export const listLicences = async (): Promise<Licensed[]> => {
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as Lock
  const sources = new Set(sizesOf(await bundleRouter()).map(({ name }) => name))
  return Object.entries(lock.packages)
    .filter(([folder]) => folder.startsWith('node_modules/') && existsSync(join(ROOT, folder, 'package.json')))
    .map(([folder, { version = 'unknown' }]) => {
      const manifest = JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')) as Manifest
      const { license, licenses } = manifest
      const named = typeof license === 'string' ? license : (license?.type ?? licenses?.[0]?.type)
      const licence = named ?? _licenceByText(folder)
      const name = folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length)
      return { name, version, licence, isDeployed: sources.has(name) }
    })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

/** What each licence grants, in the words that its text begins with. */
const TEXTS: [RegExp, string][] = [
  [/Permission is hereby granted, free of charge, to any person obtaining a copy/, 'MIT'],
  [/Permission to use, copy, modify, and\/or distribute this software for any purpose with or without fee/, 'ISC'],
  [/Apache License\s+Version 2\.0/, 'Apache-2.0'],
]

/** Some packages ship their licence without naming it. */
const _licenceByText = (folder: string): string | undefined => {
  const file = readdirSync(join(ROOT, folder)).find((name) => /^licen[cs]e(?:\.\w+)?$/i.test(name))
  if (file === undefined) return undefined
  const text = readFileSync(join(ROOT, folder, file), 'utf8').replace(/\s+/g, ' ')
  return TEXTS.find(([pattern]) => pattern.test(text))?.[1]
}

export const licencesCommand = async ({ values, output, progress }: Run<typeof OPTIONS>): Promise<number> => {
  progress('Bundling')
  const listed = (await listLicences()).filter(({ isDeployed }) => values.all || isDeployed)
  progress.end()
  // What only development needs is handed on to nobody.
  const questionable = listed.filter(({ licence, isDeployed }) => isDeployed && !isPermissive(licence))
  if (values.json) output.out(`${JSON.stringify(listed, undefined, 2)}\n`)
  else {
    const width = Math.max(...listed.map(({ name, version }) => name.length + version.length + 1))
    const lines = listed.map(
      ({ name, version, licence, isDeployed }) =>
        `${`${name}@${version}`.padEnd(width)}  ${licence ?? 'unknown'}${values.all && isDeployed ? '  deployed' : ''}`
    )
    const counts = new Map<string, number>()
    for (const { licence = 'unknown' } of listed) counts.set(licence, (counts.get(licence) ?? 0) + 1)
    const summary = [...counts].toSorted((a, b) => b[1] - a[1]).map(([licence, count]) => `${count} ${licence}`)
    output.out(`${[...lines, '', `${listed.length} packages: ${summary.join(', ')}`].join('\n')}\n`)
  }
  for (const { name, licence } of questionable)
    output.error(`${name}: ${licence ?? 'no licence is named'} isn’t among the permissive ones\n`)
  return questionable.length === 0 ? 0 : 1
}
