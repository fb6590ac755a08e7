/**
 * The line of a key in a TOML text, or null where it cannot be told: the parser knows the lines of syntax errors only. Understands
 * `[section]` and `key = value` with a line each, as people write them; a key that is found twice (in a text of several lines) is not told.
 *
 * @param section the names in the brackets: `['queues', 'reports']`; empty for the top
 */
export function findLine(text: string, section: readonly string[], key: string): number | null {
  let current: string | null = '';
  const found: number[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const header = /^\s*\[([^[\]]+)\]\s*(?:#.*)?$/.exec(line)?.[1];
    if (header !== undefined) current = namesIn(header);
    const name = /^\s*([^\s=#[][^=]*?)\s*=/.exec(line)?.[1];
    if (name !== undefined && current === section.join('\n') && namesIn(name) === key) found.push(index + 1);
  }
  return found.length === 1 ? (found[0] ?? null) : null;
}

/** The line of a section's header, or null. */
export function findSection(text: string, section: readonly string[]): number | null {
  const lines = text.split('\n');
  const index = lines.findIndex(line => {
    const header = /^\s*\[([^[\]]+)\]\s*(?:#.*)?$/.exec(line)?.[1];
    return header !== undefined && namesIn(header) === section.join('\n');
  });
  return index < 0 ? null : index + 1;
}

/** `queues."a.b"` as its names, one a line. */
function namesIn(text: string): string {
  const names = [...text.matchAll(/\s*(?:"([^"]*)"|'([^']*)'|([^.\s"']+))\s*(?:\.|$)/g)];
  return names.map(([, quoted, literal, bare]) => quoted ?? literal ?? bare).join('\n');
}
