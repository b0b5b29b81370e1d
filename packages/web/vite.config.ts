import { copyFileSync, createReadStream, mkdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ASSET_FILES } from '@netarium/python';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

export default defineConfig(({ command }) => {
  // What is built is for use, also when a test asks for it, whose NODE_ENV is another.
  if (command === 'build') process.env.NODE_ENV = 'production';
  return {
    // Relative addresses: the built page works from any folder of any static server.
    base: './',
    plugins: [react(), pythonFiles()],
    worker: { format: 'es' },
    build: { target: 'esnext', chunkSizeWarningLimit: 4096 },
  };
});

/** CPython's files, which workers load by their names, stand in `python/` beside the page. */
function pythonFiles(): Plugin {
  const built = fileURLToPath(new URL('../python/build/', import.meta.url));
  const names = new Set<string>(Object.values(ASSET_FILES));
  let output = '';
  return {
    name: 'python-files',
    configResolved({ root, build }) {
      output = resolve(root, build.outDir);
    },
    configureServer({ middlewares }) {
      middlewares.use('/python', (request, response, next) => {
        const name = basename(new URL(request.url ?? '/', 'http://localhost').pathname);
        if (!names.has(name)) return next();
        if (name.endsWith('.wasm')) response.setHeader('content-type', 'application/wasm');
        else if (name.endsWith('.mjs')) response.setHeader('content-type', 'text/javascript');
        createReadStream(join(built, name)).pipe(response);
      });
    },
    writeBundle() {
      mkdirSync(join(output, 'python'), { recursive: true });
      for (const name of names) copyFileSync(join(built, name), join(output, 'python', name));
    },
  };
}
