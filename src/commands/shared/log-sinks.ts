import { StringDecoder } from 'node:string_decoder';
import type { StreamName } from '../../model.ts';
import { cutMark, type OutputPiece } from '../../store/index.ts';
import type { Look } from '../../view/look.ts';
import { safeJson, safeLines } from '../../view/safe.ts';
import { JobLines } from './job-lines.ts';
import { writePaced } from './paced.ts';

/** Takes what a job wrote, piece by piece. */
export interface LogSink {
  write(piece: OutputPiece): Promise<void>;
  /** After the last piece. */
  end(): Promise<void>;
}

/** A sink for the output of a job, as JSON lines or as it was written. */
export async function openSink(id: string, json: boolean): Promise<LogSink> {
  if (json) return openJsonSink(id);
  const { lookOf } = await import('../../view/look.ts');
  return openTextSink(stream => lookOf(process[stream], process.env, Date.now()));
}

/** One JSON line for each piece, `{version, kind, id, execution_id, stream, text, cut_before}`; a character is never cut in two. */
function openJsonSink(id: string): LogSink {
  const decoders = { stdout: new StringDecoder('utf8'), stderr: new StringDecoder('utf8') };
  const line = ({ stream, execution, cutBefore }: Omit<OutputPiece, 'bytes'>, text: string) =>
    `${safeJson({ version: 1, kind: 'output', id, execution_id: execution, stream, text, cut_before: cutBefore })}\n`;
  let last: OutputPiece | null = null;
  return {
    async write(piece) {
      last = piece;
      const text = decoders[piece.stream].write(piece.bytes);
      if (text !== '' || piece.cutBefore > 0) await writePaced(process.stdout, line(piece, text));
    },
    async end() {
      for (const stream of ['stdout', 'stderr'] as const) {
        const text = decoders[stream].end();
        if (text !== '' && last) await writePaced(process.stdout, line({ ...last, stream, cutBefore: 0 }, text));
      }
    },
  };
}

/** Each stream to its own: on a terminal line by line and harmless, elsewhere byte by byte. */
function openTextSink(lookOf: (stream: StreamName) => Look): LogSink {
  const sinks = { stdout: sinkFor('stdout', lookOf), stderr: sinkFor('stderr', lookOf) };
  return {
    write: piece => sinks[piece.stream].write(piece),
    async end() {
      await sinks.stdout.end();
      await sinks.stderr.end();
    },
  };
}

function sinkFor(stream: StreamName, lookOf: (stream: StreamName) => Look): LogSink {
  return process[stream].isTTY ? terminalSink(stream, lookOf(stream)) : rawSink(stream);
}

function rawSink(stream: StreamName): LogSink {
  let isLineStart = true;
  return {
    async write({ cutBefore, bytes }) {
      const mark = cutBefore > 0 ? `${isLineStart ? '' : '\n'}${cutMark(cutBefore)}\n` : '';
      isLineStart = bytes.at(-1) === LINE_FEED;
      await writePaced(process[stream], mark === '' ? bytes : Buffer.concat([Buffer.from(mark), bytes]));
    },
    async end() {},
  };
}

const LINE_FEED = 0x0a;

function terminalSink(stream: StreamName, look: Look): LogSink {
  const lines = new JobLines();
  const show = async (text: string) => {
    const safe = safeLines(text, look.colour.level > 0);
    if (safe.length > 0) await writePaced(process[stream], `${safe.join('\n')}\n`);
  };
  const showRest = async () => {
    for (const { text } of lines.rest()) await show(text);
  };
  return {
    async write({ cutBefore, bytes }) {
      if (cutBefore > 0) {
        await showRest();
        await writePaced(process[stream], `${look.colour.dim(cutMark(cutBefore))}\n`);
      }
      await show(lines.add(stream, bytes));
    },
    end: showRest,
  };
}
