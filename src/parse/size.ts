import { RqtError } from '../errors.ts';
import { quote } from './quote.ts';

/**
 * The bytes of a size such as `512mb`, `1GiB`, `1.5g` or `65536`. As memory is counted: `k`, `kb` and `KiB` are all 1024 bytes, in either case.
 *
 * @throws RqtError `usage`, naming `flag`, also for less than `minBytes` (default: 1).
 */
export function parseSize(text: string, flag: string, minBytes = 1): number {
  const match = SHAPE.exec(text.trim());
  if (!match) throw refuse(text, flag, /^-\d/.test(text.trim()) ? 'is negative' : 'is not a size');
  const [, whole = '', fraction = '', unit = ''] = match;
  const scale = 10 ** fraction.length;
  const bytes = (Number(whole + fraction) * 1024 ** UNITS.indexOf(unit.toLowerCase())) / scale;
  if (bytes > Number.MAX_SAFE_INTEGER) throw refuse(text, flag, 'is more than a computer has');
  if (!Number.isInteger(bytes)) throw refuse(text, flag, 'is no whole number of bytes');
  if (bytes < minBytes) throw refuse(text, flag, bytes === 0 ? 'is zero' : `is less than ${minBytes} bytes`);
  return bytes;
}

const SHAPE = /^\+?(\d+)(?:\.(\d{1,3}))?(?:([kmgt])(?:i?b)?|b)?$/i;
/** The index is the power of 1024. */
const UNITS = ['', 'k', 'm', 'g', 't'];

function refuse(text: string, flag: string, problem: string): RqtError {
  return new RqtError('usage', `${flag} ${quote(text)} ${problem}; write for example ${flag} 512mb, 1gb or 536870912 (bytes)`);
}
