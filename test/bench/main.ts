/** `npm run bench -- [rows…] [--quick] [--rounds N]`: how fast rqt is, beside its floors and its peers, in one run. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Bench, Context, Row } from './bench.ts';
import { bulk } from './bulk.ts';
import { enqueue } from './enqueue.ts';
import { info } from './info.ts';
import { jobs } from './jobs.ts';
import { memory } from './memory.ts';
import { peersIn } from './peers.ts';
import { pickup } from './pickup.ts';
import { copyProduct } from './product.ts';
import { tableOf } from './table.ts';

const BENCHES: readonly Bench[] = [jobs, enqueue, bulk, pickup, info, memory];

await main();

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { quick: { type: 'boolean', default: false }, rounds: { type: 'string' } },
  });
  const chosen = BENCHES.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  const unknown = positionals.filter(word => !BENCHES.some(({ name }) => name === word));
  if (unknown.length > 0) {
    say(`there is no bench ${unknown.join(', ')}: say ${BENCHES.map(({ name }) => name).join(', ')}, or nothing for all`);
    process.exitCode = 64;
    return;
  }
  const dir = mkdtempSync(join(tmpdir(), 'rqt-bench-'));
  try {
    const context = contextIn(dir, values.quick, values.rounds === undefined ? null : Number(values.rounds));
    process.stdout.write(`${tableOf(await runAll(chosen, context))}\n`);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function contextIn(dir: string, quick: boolean, rounds: number | null): Context {
  const root = join(import.meta.dirname, '../..');
  const peersDir = join(root, '.build/peers');
  mkdirSync(peersDir, { recursive: true });
  return { product: copyProduct(root, dir), peers: peersIn(peersDir, say), rounds: rounds ?? (quick ? 3 : 9), quick, dir, say };
}

async function runAll(benches: readonly Bench[], context: Context): Promise<Row[]> {
  say(
    `Node ${process.versions.node}, ${cpus().length} processors, load ${loadavg()[0]?.toFixed(1)}; median and quartiles of ${context.rounds} rounds`,
  );
  const rows: Row[] = [];
  for (const bench of benches) {
    say(`${bench.name} …`);
    rows.push(...(await bench.run(context)));
  }
  return rows;
}

function say(text: string): void {
  process.stderr.write(`bench: ${text}\n`);
}
