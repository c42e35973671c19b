import { defineConfig } from 'vitest/config';

/**
 * `unit`: beside the code, fast, part of `npm run check`. `system`: real processes, crashes, browsers.
 * A suffix names the need: `.crash.test.ts`, `.fuzz.test.ts`, `.worker.test.ts`, `.e2e.test.ts` run in `system`.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            'src/**/*.test.ts',
            'bench/**/*.test.ts',
            'console/src/**/*.test.ts',
            'test/tidy.test.ts',
            'test/formats/**/*.test.ts',
          ],
          exclude: ['**/*.{crash,fuzz,e2e,worker}.test.ts'],
          testTimeout: 20_000,
          // Unit tests share no state, so one set of loaded modules serves many files.
          isolate: false,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'system',
          include: [
            'src/**/*.{crash,fuzz,e2e,worker}.test.ts',
            'test/{integration,crash,fuzz,conformance,e2e}/**/*.test.ts',
          ],
          testTimeout: 180_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
        },
      },
    ],
  },
});
