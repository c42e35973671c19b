import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** The console is static files that a frontend serves under `/console/` with `default-src 'self'`. */
export default defineConfig({
  root: import.meta.dirname,
  base: '/console/',
  plugins: [react()],
  build: {
    outDir: '../dist/console',
    emptyOutDir: true,
    // The content security policy allows no data: URLs, so nothing is inlined.
    assetsInlineLimit: 0,
    target: 'es2023',
  },
});
