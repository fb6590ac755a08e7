import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Why a test that needs a wrong clock is skipped, or false. */
export const noFaketime: string | false = findLibrary() ? false : 'there is no libfaketime (Debian: apt-get install libfaketime)';

/** The environment of a process whose clock is wrong by so many hours; what counts on (CLOCK_MONOTONIC) is right, as on a real machine. */
export function wrongClock(hours: number): Record<string, string> {
  return { ...preloaded(), FAKETIME: inSeconds(hours) };
}

/** A clock that can be set while processes run. */
export interface SettableClock {
  readonly env: Readonly<Record<string, string>>;
  /** By how many hours it is wrong from now on. */
  set(hours: number): void;
}

export function settableClock(file: string): SettableClock {
  const set = (hours: number) => writeFileSync(file, `${inSeconds(hours)}\n`);
  set(0);
  return { env: { ...preloaded(), FAKETIME_TIMESTAMP_FILE: file, FAKETIME_NO_CACHE: '1' }, set };
}

function preloaded(): Record<string, string> {
  return { LD_PRELOAD: findLibrary() ?? '', FAKETIME_DONT_FAKE_MONOTONIC: '1', DONT_FAKE_MONOTONIC: '1' };
}

function inSeconds(hours: number): string {
  return `${hours < 0 ? '-' : '+'}${Math.abs(hours) * 3600}`;
}

function findLibrary(): string | null {
  const name = 'libfaketimeMT.so.1';
  const folders = [
    '/usr/lib',
    '/usr/lib64',
    ...(existsSync('/usr/lib') ? readdirSync('/usr/lib').map(one => join('/usr/lib', one)) : []),
  ];
  return folders.map(folder => join(folder, 'faketime', name)).find(path => existsSync(path) && works(path)) ?? null;
}

/** It may be of another architecture, or too old for this Node. */
function works(library: string): boolean {
  const { stdout } = spawnSync(process.execPath, ['-p', 'Date.now()'], {
    env: { LD_PRELOAD: library, FAKETIME: '+86400', FAKETIME_DONT_FAKE_MONOTONIC: '1', DONT_FAKE_MONOTONIC: '1' },
  });
  return Number(stdout) > Date.now() + 80_000_000;
}
