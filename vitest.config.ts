import { defineConfig } from 'vitest/config'

/** Real programs on real sockets: one file at a time, patient, and never tried twice. */
const realPeers = {
  environment: 'node' as const,
  fileParallelism: false,
  maxWorkers: 1,
  retry: 0,
  testTimeout: 90_000,
  hookTimeout: 120_000,
}

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/flows/**', 'test/calls/**'],
          environment: 'node',
        },
      },
      { test: { ...realPeers, name: 'flows', include: ['test/flows/**/*.test.ts'] } },
      { test: { ...realPeers, name: 'calls', include: ['test/calls/**/*.test.ts'] } },
    ],
  },
})
