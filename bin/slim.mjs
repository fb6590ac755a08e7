// A bundler plugin: makes the command start sooner. On Node 20 it takes 20 ms off the 95 ms of a whole `rqt enqueue`, since
// - built-in modules that most runs never need (TLS, DNS, crypto, zlib, …) are loaded when something of them is asked for;
// - adding methods to a prototype one by one takes V8 time in the square of their number, and ioredis adds 600: 9 ms;
// - comments and indentation of scripts are for those who read the source, not for Redis, which gets a script's text from each process;
// - of the commands of Redis that ioredis describes, 37 KB, rqt sends a quarter: 5 ms;
// - what ioredis has for clusters, sentinels, managed clouds, HIMPORT and tracing is left out: nothing in src/store can ask for it.
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const LAZY = /^(node:)?(assert|child_process|crypto|dns|tls|tty|v8|zlib)$/;

/** Modules of ioredis, and what stands for them. */
const LEFT_OUT = {
  debug$: 'module.exports = () => module.exports; module.exports.default = module.exports; module.exports.enabled = false;',
  '/cluster$': 'exports.default = class Cluster {};',
  '/SentinelConnector$': 'exports.default = class SentinelConnector {};',
  '/TLSProfiles$': 'exports.default = {};',
  '/HimportCoordinator$':
    'const no = () => undefined; module.exports = { cloneHimportFieldsets: no, getHimportBinding: no, interceptHimportCommand: no, interceptHimportPipeline: no, isInternalHimportCommand: no, hasHimportCoordinator: Symbol() };',
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
      contents: dense(await readFile(path, 'utf8')),
      loader: 'text',
    }));

    build.onLoad({ filter: /@ioredis\/commands\/built\/commands\.json$/ }, async ({ path }) => ({
      contents: JSON.stringify(await usedOf(JSON.parse(await readFile(path, 'utf8')))),
      loader: 'json',
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

/** Without indentation, whole lines of comment emptied: errors that Redis reports keep their line numbers. No string may span lines. */
function dense(lua) {
  return lua.replace(/^[ \t]+/gm, '').replace(/^--.*$/gm, '');
}

/** Of Redis's commands those that the store names, whatever it does with the word, and those that ioredis sends by itself. */
async function usedOf(commands) {
  const files = await readdir(STORE, { recursive: true });
  const texts = await Promise.all(files.filter(file => file.endsWith('.ts')).map(file => readFile(join(STORE, file), 'utf8')));
  const words = new Set(
    texts
      .join('\n')
      .toLowerCase()
      .match(/[a-z]+/g),
  );
  const isUsed = name => words.has(name) || words.has(`${name}buffer`) || SENT_BY_IOREDIS.includes(name);
  return Object.fromEntries(Object.entries(commands).filter(([name]) => isUsed(name)));
}

const STORE = join(dirname(fileURLToPath(import.meta.url)), '../src/store');
const SENT_BY_IOREDIS =
  'auth client discard eval evalsha exec hello info multi ping psubscribe punsubscribe quit readonly script select ssubscribe subscribe sunsubscribe unsubscribe'.split(
    ' ',
  );

/** A deleted property turns an object into a dictionary, to which adding costs nothing. */
function withSlowPrototype(source, path) {
  const start = 'commands.forEach(';
  if (!source.includes(start)) throw new Error(`${path} has changed: see bin/slim.mjs`);
  return source.replace(start, `Commander.prototype.rqt = 0; delete Commander.prototype.rqt;\n${start}`);
}
