/**
 * Joins what tsc has compiled into few files: a start reads three files instead of two hundred, which
 * takes a third off the time to the first PONG. Packages stay outside.
 */
import { defineConfig } from 'rolldown';

export default defineConfig({
  input: { main: 'build/main.js', index: 'build/index.js' },
  external: /^[^./]/,
  platform: 'node',
  output: { dir: 'dist', format: 'esm', cleanDir: false, chunkFileNames: 'server.js' },
});
