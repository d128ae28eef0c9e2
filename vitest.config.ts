import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import type { TestSequencer, TestSpecification } from 'vitest/node'

/** Only for work that never ends. No test fails because the machine is slow. */
const TIMEOUT_MS = 600_000

/** The files that take longest start first, so that none of them runs alone at the end. */
const LONGEST = [
  'chaos',
  'processes',
  'page-accessibility',
  'sequences',
  'page',
  'page-state',
  'server',
  'rotation',
  'crossings',
  'start',
  'hostile-input',
]

class LongestFirst implements TestSequencer {
  public async shard(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files
  }

  public async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const index = LONGEST.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`))
      return index < 0 ? LONGEST.length : index
    }
    return files.toSorted((a, b) => rank(a) - rank(b) || a.moduleId.localeCompare(b.moduleId))
  }
}

export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    exclude: ['**/node_modules/**', '.botpress/**'],
    setupFiles: ['tests/regressions/leak-check.ts', 'tests/support/seed.ts'],
    // Loading the SDK anew for every file costs as much as the tests of most files. Tests share no state.
    isolate: false,
    sequence: { sequencer: LongestFirst },
    // Some tests wait for real time, so one more than there are cores.
    maxWorkers: availableParallelism() + 1,
    testTimeout: TIMEOUT_MS,
    hookTimeout: TIMEOUT_MS,
    expect: { poll: { timeout: TIMEOUT_MS / 2 } },
    silent: 'passed-only',
  },
})
