import { parseConfigFile } from '../../src/config/parse-file.ts';
import { RqtError } from '../../src/errors.ts';
import { readMessage } from '../../src/executor/heard.ts';
import { readArgv } from '../../src/parse/argv.ts';
import { parseCall } from '../../src/parse/call.ts';
import { parseCrontab } from '../../src/parse/crontab.ts';
import { parseDuration } from '../../src/parse/duration.ts';
import { parseGlob } from '../../src/parse/glob.ts';
import { parseMeta } from '../../src/parse/meta.ts';
import { parseQueueName, parseTaskName } from '../../src/parse/names.ts';
import { parseSize } from '../../src/parse/size.ts';
import { parseTimetable } from '../../src/parse/timetable.ts';
import { parseWhen } from '../../src/parse/when.ts';
import { readControl } from '../../src/store/listen.ts';
import { readEntry } from '../../src/store/spool/entry.ts';
import { fuzz, mutated } from './fuzz.ts';

const readFile = (): Uint8Array => {
  throw new RqtError('missing', 'no files here');
};
const NOW = Date.UTC(2026, 10, 23);
const SPECS = [
  { name: 'queue', alias: 'q', type: 'string', value: 'Q', describe: '' },
  { name: 'burst', alias: 'b', type: 'boolean', describe: '' },
  { name: 'path', type: 'list', value: 'P', describe: '' },
] as const;

/** Each reader of foreign text: it answers, or refuses in the way that becomes one line and an exit status. */
const READERS: [what: string, inputs: number, samples: readonly string[], read: (text: string) => unknown][] = [
  [
    'arguments',
    10_000,
    ['mail#send a k=b n:=[1,{"a":2}] :{"k":null} body=@file :"x"', 'pkg.mod.fn :1e999 =x k:=', ':[[[[]]]] \u0000 é'],
    readCall,
  ],
  [
    'flags',
    10_000,
    ['--queue=a -bq x --path p --path=q -- a', '-qx --no-burst -1 - --'],
    text => readArgv(text.split(' '), SPECS),
  ],
  ['durations', 10_000, ['90', '1h30m', '-1', '1.5s', '2d', '9999999999999d'], text => parseDuration(text, '--timeout')],
  ['sizes', 5000, ['512mb', '1.5G', '1024'], text => parseSize(text, '--max-memory')],
  [
    'times',
    5000,
    ['2027-01-31T09:00', '2026-11-23T10:00:00.5+02:00', '2027-03-28 02:30'],
    text => parseWhen(text, undefined, NOW),
  ],
  [
    'names',
    5000,
    ['mail/*#send', 'a b', 'queue:1', '../x#y'],
    text => [parseTaskName, parseQueueName].map(read => refusing(() => read(text))),
  ],
  ['patterns', 5000, ['mail/*#send', '**?[a-z]', '{a,b}#*'], text => parseGlob(text, '--task')('mail/x#send')],
  ['notes', 5000, ['a=b', 'k:={"a":[1]}', '__proto__=x', '=@f'], text => parseMeta([text], readFile)],
  [
    'rqt.toml',
    3000,
    ['namespace = "a"\n[worker]\npath = ["x"]\nconcurrency = 4\n[queues.mail]\ntimeout = "1h"\n'],
    text => parseConfigFile(text, '/f'),
  ],
  [
    'crontab files',
    3000,
    ['TZ=UTC\nn 30 2 * * * m#f "a b" --queue q # x\nw @weekly t#u\n', "a '*/5 * * * * *' m#f x\\ y\n"],
    text => parseCrontab(text, 'f'),
  ],
  ['cron expressions', 1000, ['*/5 * * * *', '0 0 L 2 *', '30 2 1,15W * MON#2', '@daily', '0 59 23 31 12 0-7/2'], readExpression],
  [
    'files of the spool',
    5000,
    [
      '{"version":1,"kind":"spooled","namespace":"rq","token":"t","jobs":[{"id":"a","description":"d","call":{"task":"m#f","args":[],"kwargs":{}}}],"options":{"queue":"q","limits":{},"plan":{}}}',
    ],
    text => readEntry(text, 'rq'),
  ],
  ['control messages', 10_000, ['{"command":"stop-job","job_id":"a"}', '{"command":"shutdown"}', '[null]'], readControl],
  ['messages of executors', 10_000, MESSAGES(), text => readMessage(parsed(text))],
];

for (const [what, inputs, samples, read] of READERS) {
  fuzz({
    title: `${what} are read or refused`,
    inputs,
    make: random =>
      mutated(
        samples.map(sample => Buffer.from(sample)),
        random,
      ).toString('utf8'),
    read: text => refusing(() => read(text)),
    show: text => JSON.stringify(text),
  });
}

function refusing(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof RqtError)) throw error;
  }
}

function readCall(text: string): void {
  const [task = '', ...words] = text.split(' ');
  parseCall(task, words, [], readFile);
}

function readExpression(text: string): void {
  const timetable = parseTimetable(text, 'Europe/Berlin');
  timetable.nextAfter(NOW);
  timetable.lastUntil(NOW);
}

function MESSAGES(): string[] {
  return [
    '{"type":"done","outcome":{"kind":"finished","resultJson":"1","absent":null},"left":null}',
    '{"type":"done","outcome":{"kind":"failed","failure":{"reason":"r","trace":""},"again":{"kind":"in","inMs":1,"max":2}},"left":"x"}',
    '{"type":"request","number":1,"request":{"type":"enqueue","task":"m#f","args":[],"options":{}}}',
    'null',
  ];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
