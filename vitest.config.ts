import { defineConfig } from 'vitest/config'

/** Only for what never ends. No test fails because the machine is slow. */
const TIMEOUT_MS = 600_000

export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    exclude: ['**/node_modules/**', '.botpress/**'],
    setupFiles: ['tests/regressions/leak-check.ts', 'tests/support/seed.ts'],
    maxWorkers: '100%',
    testTimeout: TIMEOUT_MS,
    hookTimeout: TIMEOUT_MS,
    expect: { poll: { timeout: TIMEOUT_MS / 2 } },
    silent: 'passed-only',
  },
})
