import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bundle } from '../../playground/build/bundle'

/** In esbuild's unminified output, the first line of a module that runs at its first use. */
const MODULE = /^ {2}"([^"]+)"\([\w, ]*\) \{$/gm

const HEADERS = {
  'x-bot-id': 'bot',
  'x-bot-user-id': 'user',
  'x-integration-id': 'integration',
  'x-integration-alias': 'router',
  'x-webhook-id': 'webhook',
  'x-bp-configuration': Buffer.from('{}').toString('base64'),
}

let folder = ''

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'first-use-'))
  const { code } = await bundle('src/index.ts', { minify: false })
  const traced = Buffer.from(code)
    .toString('utf8')
    .replace(MODULE, (line, path: string) => `${line} globalThis.ran.push(${JSON.stringify(path)});`)
  writeFileSync(join(folder, 'index.cjs'), `globalThis.ran ??= []\n${traced}`)
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The modules that have run once the bundle is loaded and has handled the operation. */
const modulesOf = (operation?: string, body: unknown = {}): string[] => {
  const request = {
    method: 'POST',
    path: '/',
    query: '',
    headers: { ...HEADERS, 'x-bp-operation': operation },
    body: JSON.stringify(body),
  }
  const code = `
    console.log = console.info = console.debug = console.warn = console.error = () => {}
    const { default: integration } = require('./index.cjs')
    const work = ${operation ? `integration.handler(${JSON.stringify(request)})` : 'Promise.resolve()'}
    work.finally(() => process.stdout.write(JSON.stringify(globalThis.ran)))`
  const output = execFileSync(process.execPath, ['-e', code], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, BP_API_URL: 'http://127.0.0.1:9', BP_TOKEN: 'token' },
  })
  return (JSON.parse(output) as string[]).map((path) => path.replace(/^(?:\.\.\/)*(?:.*\/)?node_modules\//, ''))
}

const LIBRARIES = /^(?:lande|toygrad|marked|htmlparser2|entities)\//
const LANGUAGE_DATA = /^src\/routing\/(?:known-words|spoken-words|support-words|detect-language)/

describe('the bundle', () => {
  it('runs nothing but its entry and the SDK when it is loaded', () => {
    const ran = modulesOf()
    expect(ran.filter((path) => LIBRARIES.test(path) || LANGUAGE_DATA.test(path))).toEqual([])
    expect(
      ran.filter((path) => /^(?:src\/(?:routing|actions|session|from-desk|to-desk)|providers\/\w+\/)/.test(path))
    ).toEqual(ran.filter((path) => /^providers\/kit\/(?:text|libraries)/.test(path)))
    expect(ran.some((path) => path.startsWith('@botpress/sdk'))).toBe(true)
  })

  it('runs no language data, no HTML and no Markdown library for a webhook', () => {
    const ran = modulesOf('webhook_received', {
      req: { path: '/nobody', query: '', method: 'POST', headers: {}, body: '{}' },
    })
    expect(ran).toContain('src/from-desk/receive.ts')
    expect(ran.filter((path) => LIBRARIES.test(path) || LANGUAGE_DATA.test(path))).toEqual([])
    expect(ran.filter((path) => path.startsWith('src/actions/start-hitl'))).toEqual([])
  })

  it('runs no desk and no routing for a customer who is created', () => {
    const ran = modulesOf('action_triggered', {
      type: 'createUser',
      input: { name: 'Eve', email: 'eve@customer.example' },
    })
    expect(ran).toContain('src/actions/create-user.ts')
    expect(ran.filter((path) => LIBRARIES.test(path) || LANGUAGE_DATA.test(path))).toEqual([])
    expect(ran.filter((path) => path.startsWith('src/from-desk/'))).toEqual([])
  })
})
