import type { Called } from './command.ts';
import { RqtError } from './errors.ts';
import type { OptionSpec } from './parse/argv.ts';
import { quote } from './parse/quote.ts';

/** The shells that yargs has a completion script for. */
const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** `rqt completion`, for its help; what it does is yargs's. */
export const COMPLETION: Called = {
  command: {
    name: 'completion',
    synopsis: `[${SHELLS.join('|')}]`,
    summary: 'print a completion script for your shell (default: that of $SHELL); it says where to put it',
    words: { min: 0, max: 1 },
    options: [],
    run: async () => 0,
  },
  title: 'completion',
  wordCount: 1,
};

/** The shell that `rqt completion` is to serve: the one named, else that of $SHELL, else bash. @throws RqtError `usage` for one that has no script. */
export function completedShell(words: readonly string[], { SHELL = '' }: Readonly<Record<string, string | undefined>>): string {
  const [named, tooMuch] = words.filter(word => !word.startsWith('-'));
  if (tooMuch !== undefined) throw new RqtError('usage', `rqt completion: ${quote(tooMuch)} is one word too many: ${howTo()}`);
  const shell = named ?? (SHELL.split('/').at(-1) || 'bash');
  if (!SHELLS.some(known => known === shell))
    throw new RqtError('usage', `there is no completion script for ${quote(shell)}: ${howTo()}`);
  return shell;
}

function howTo(): string {
  return `rqt completion ${SHELLS.join('|')} (see rqt completion --help)`;
}

/** The values of an option that takes one of a few, or null. */
export function valuesOf({ value = '', choices }: OptionSpec): readonly string[] | null {
  return choices ?? (value.includes('|') ? value.split('|') : null);
}
