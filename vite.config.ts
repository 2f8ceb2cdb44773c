import { defineConfig, type UserConfig } from 'vite'

/** The pages for browsers: `vite build --mode client`, or `vite` to develop them beside a running server. */
const client: UserConfig = {
  root: 'client/phone',
  // JsSIP is CommonJS written for bundlers that know Node's name of the global object.
  define: { global: 'globalThis' },
  build: {
    outDir: '../../dist/client',
    emptyOutDir: true,
    target: 'es2022',
    // The pages' content security policy allows neither data: addresses nor inline scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: {
      '/api': 'http://127.0.0.1:8080',
      '/sip': { target: 'ws://127.0.0.1:8080', ws: true },
    },
  },
}

/** The program: `vite build --mode server`. Packages stay outside the bundle and are loaded from node_modules. */
const server: UserConfig = {
  build: {
    ssr: true,
    outDir: 'dist/server',
    emptyOutDir: true,
    target: 'node20',
    sourcemap: true,
    rolldownOptions: { input: { main: 'server/main.ts', cli: 'server/cli/main.ts' } },
  },
}

export default defineConfig(({ mode }) => (mode === 'server' ? server : client))
