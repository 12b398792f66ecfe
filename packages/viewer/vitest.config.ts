import { defineConfig } from 'vitest/config';

/** The tests in a real browser, `npm run check:viewer`; one after the other, since some measure time. */
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['test/**/*.browser.ts'],
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
