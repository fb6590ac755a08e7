import { type Called, GLOBAL_OPTIONS } from './command.ts';
import type { OptionSpec } from './parse/argv.ts';

/** No line of help is wider, however wide the terminal is. */
const MOST_WIDTH = 110;
const LEAST_WIDTH = 50;
/** Flags that are longer with their values have their text on the next line. */
const MOST_LEFT_WIDTH = 34;

const ABOUT_RQT: readonly OptionSpec[] = [
  { name: 'help', alias: 'h', type: 'boolean', describe: 'show this' },
  { name: 'version', alias: 'V', type: 'boolean', describe: 'show the version of rqt' },
];

/** The help of one command: how to call it, its subcommands, each flag with its value. Without a last line feed. */
export function renderCommandHelp({ command, title }: Called, columns: number): string {
  const width = Math.max(LEAST_WIDTH, Math.min(MOST_WIDTH, columns));
  const own = command.options.map(rowOf);
  const common = [...GLOBAL_OPTIONS, ...ABOUT_RQT].map(rowOf);
  const below = (command.subcommands ?? []).map(({ name, summary }): Row => [`  rqt ${title} ${name}`, summary]);
  const parts = [
    `rqt ${title} ${command.synopsis} [flags]`.replace(/ {2,}/g, ' '),
    wrap(command.summary, width).join('\n'),
    ...section('Commands:', below, width),
    ...section('Flags:', own, width),
    ...section('Flags of every command:', common, width),
    ...(command.epilogue
      ? [
          command.epilogue
            .split('\n')
            .flatMap(line => wrap(line, width))
            .join('\n'),
        ]
      : []),
  ];
  return parts.join('\n\n');
}

type Row = readonly [left: string, text: string];

function rowOf({ name, alias, value, describe }: OptionSpec): Row {
  return [`  ${alias === undefined ? '    ' : `-${alias}, `}--${name}${value === undefined ? '' : ` ${value}`}`, describe];
}

function section(heading: string, rows: readonly Row[], width: number): string[] {
  if (rows.length === 0) return [];
  const widths = rows.map(([left]) => left.length).filter(leftWidth => leftWidth <= MOST_LEFT_WIDTH);
  const indent = Math.max(0, ...widths) + 2;
  const lines = rows.flatMap(([left, text]) => {
    const [first = '', ...rest] = wrap(text, width - indent).map(line => ' '.repeat(indent) + line);
    return left.length > MOST_LEFT_WIDTH ? [left, first, ...rest] : [left + first.slice(left.length), ...rest];
  });
  return [[heading, ...lines].join('\n')];
}

/** Lines of whole words; one that is wider has a line of its own. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
