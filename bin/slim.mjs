// A bundler plugin: makes the command start sooner. On Node 20 it takes 20 ms off the 95 ms of a whole `rqt enqueue`, since
// - built-in modules that most runs never need (TLS, DNS, crypto, zlib, …) are loaded when something of them is asked for;
// - adding methods to a prototype one by one takes V8 time in the square of their number, and ioredis adds 600: 9 ms;
// - comments of scripts are for those who read the source, not for Redis, which gets a script's text from each process;
// - what ioredis has for clusters, sentinels, managed clouds and tracing is left out: nothing in src/store can ask for it.
import { readFile } from 'node:fs/promises';

const LAZY = /^(node:)?(assert|child_process|crypto|dns|tls|tty|v8|zlib)$/;

/** Modules of ioredis, and what stands for them. */
const LEFT_OUT = {
  debug$: 'module.exports = () => module.exports; module.exports.default = module.exports; module.exports.enabled = false;',
  '/cluster$': 'exports.default = class Cluster {};',
  '/SentinelConnector$': 'exports.default = class SentinelConnector {};',
  '/TLSProfiles$': 'exports.default = {};',
  '/tracing$': 'exports.traceConnect = exports.traceCommand = exports.traceBatch = run => run();',
};

/** For esbuild's `plugins`. */
export const slim = {
  name: 'slim',
  setup(build) {
    build.onResolve({ filter: LAZY }, ({ path, namespace }) =>
      namespace === 'lazy' ? { path, external: true } : { path: path.replace('node:', ''), namespace: 'lazy' },
    );
    build.onLoad({ filter: /.*/, namespace: 'lazy' }, ({ path }) => ({ contents: lazyModule(path) }));

    for (const end of Object.keys(LEFT_OUT)) {
      build.onResolve({ filter: new RegExp(end) }, ({ importer }) =>
        importer.includes('/ioredis/') ? { path: end, namespace: 'left-out' } : null,
      );
    }
    build.onLoad({ filter: /.*/, namespace: 'left-out' }, ({ path }) => ({ contents: LEFT_OUT[path] }));

    build.onLoad({ filter: /\.lua$/ }, async ({ path }) => ({
      contents: withoutComments(await readFile(path, 'utf8')),
      loader: 'text',
    }));

    build.onLoad({ filter: /ioredis\/built\/utils\/Commander\.js$/ }, async ({ path }) => ({
      contents: withSlowPrototype(await readFile(path, 'utf8'), path),
    }));
  },
};

/** The bundler copies the names of a module that it imports, and finds none here; it keeps the prototype, which asks when asked. */
function lazyModule(name) {
  return `module.exports = Object.create(new Proxy({}, { get: (_, key) => require('node:${name}')[key] }));`;
}

/** Whole lines of comment, emptied: errors that Redis reports keep their line numbers. */
function withoutComments(lua) {
  return lua.replace(/^[ \t]*--.*$/gm, '');
}

/** A deleted property turns an object into a dictionary, to which adding costs nothing. */
function withSlowPrototype(source, path) {
  const start = 'commands.forEach(';
  if (!source.includes(start)) throw new Error(`${path} has changed: see bin/slim.mjs`);
  return source.replace(start, `Commander.prototype.rqt = 0; delete Commander.prototype.rqt;\n${start}`);
}
