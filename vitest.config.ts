import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: [
      'packages/*/{src,test}/**/*.test.ts',
      'lab/{src,test}/**/*.test.ts',
      'bench/src/**/*.test.ts',
      'fuzz/src/**/*.test.ts',
      'scripts/*.test.ts',
    ],
    testTimeout: 20_000,
  },
});
