import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { findInvalidUtf8, refuseInvalidUtf8 } from '../../src/parse/utf8.ts';

const raw = (...words: string[]) => Buffer.from(`node\0rqt\0${words.map(word => `${word}\0`).join('')}`, 'latin1');

test('the raw command line is not read while no word holds U+FFFD', () => {
  refuseInvalidUtf8(['enqueue', 'café'], () => assert.fail('read'));
});

test('a word that was not UTF-8 is refused as data, with its place and its bytes', () => {
  assert.throws(() => refuseInvalidUtf8(['enqueue', 'caf\ufffd', ''], () => raw('enqueue', 'caf\xe9', '')), {
    code: 'data',
    message: "argument 2 of the command line, 'caf\\xe9', is not UTF-8; convert it, or pass a file: key=@file",
  });
});

test('a word that holds U+FFFD in valid UTF-8 is taken', () => {
  refuseInvalidUtf8(['\ufffd'], () => raw('\xef\xbf\xbd'));
});

test('words are taken where the raw command line cannot be read', () => {
  refuseInvalidUtf8(['\ufffd'], () => {
    throw new Error('no /proc here');
  });
});

test('the raw words of a real process are told apart', { skip: process.platform !== 'linux' }, () => {
  const script = "process.stdout.write(require('fs').readFileSync('/proc/self/cmdline'))";
  const { stdout } = spawnSync('/bin/sh', ['-c', `"$0" -e "$1" ok "$(printf 'caf\\351')" ''`, process.execPath, script]);
  assert.equal(findInvalidUtf8(stdout), 4);
  assert.throws(() => refuseInvalidUtf8(['ok', 'caf\ufffd', ''], () => stdout), {
    code: 'data',
    message: /argument 2 .*'caf\\xe9'/,
  });
});

test('a raw command line of valid words has none that is not UTF-8', () => {
  assert.equal(findInvalidUtf8(raw('a', '', 'b')), null);
});
