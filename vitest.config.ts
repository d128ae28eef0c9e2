import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    exclude: ['**/node_modules/**', '.botpress/**'],
    setupFiles: ['tests/regressions/ear.ts'],
    testTimeout: 20_000,
    silent: 'passed-only',
  },
})
