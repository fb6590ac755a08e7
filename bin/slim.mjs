// A bundler plugin: makes the command start sooner. What it saves of a whole `rqt enqueue` (95 ms on Node 20 before it):
//   lazy built-ins   5 ms   most commands never need TLS, DNS, zlib, … , which libraries load at once
//   slow prototypes  9 ms   ioredis adds 600 methods to a prototype one by one, which V8 copies with each of them
//   no debug         1 ms   ioredis's own tracing; and a DEBUG=* that a user has for other programs stays without effect here
import { readFile } from 'node:fs/promises';

const LAZY = /^(node:)?(child_process|crypto|dns|tls|tty|v8|zlib)$/;

/** For esbuild's `plugins`. */
export const slim = {
  name: 'slim',
  setup(build) {
    build.onResolve({ filter: LAZY }, ({ path, namespace }) =>
      namespace === 'lazy' ? { path, external: true } : { path: path.replace('node:', ''), namespace: 'lazy' },
    );
    build.onLoad({ filter: /.*/, namespace: 'lazy' }, ({ path }) => ({ contents: lazyModule(path), loader: 'js' }));

    build.onResolve({ filter: /^debug$/ }, () => ({ path: 'debug', namespace: 'silent' }));
    build.onLoad({ filter: /.*/, namespace: 'silent' }, () => ({ contents: SILENT, loader: 'js' }));

    build.onLoad({ filter: /ioredis\/built\/utils\/Commander\.js$/ }, async ({ path }) => ({
      contents: withSlowPrototype(await readFile(path, 'utf8'), path),
      loader: 'js',
    }));
  },
};

/** The bundler copies the names of a module that it imports, and finds none here; it keeps the prototype, which asks when asked. */
function lazyModule(name) {
  return `module.exports = Object.create(new Proxy({}, { get: (_, key) => require('node:${name}')[key] }));`;
}

const SILENT = 'module.exports = () => module.exports; module.exports.default = module.exports; module.exports.enabled = false;';

/** A deleted property turns an object into a dictionary, to which adding costs nothing. */
function withSlowPrototype(source, path) {
  const start = 'commands.forEach(';
  if (!source.includes(start)) throw new Error(`${path} has changed: see bin/slim.mjs`);
  return source.replace(start, `Commander.prototype.rqt = 0; delete Commander.prototype.rqt;\n${start}`);
}
